"""What is fuzzed: everything that reads bytes which somebody else wrote.

A target takes bytes of any kind and may end in one way besides success: the documented error.
"""

from __future__ import annotations

import gzip
import io
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image, ImageCms

from modules.core.errors import ConfigError, DataError
from modules.sources.encoded import read_encoded_image
from modules.sources.formats import open_source
from modules.sources.idx_format import encode_idx
from modules.sources.png import encode_pngs
from pipelines.config import load_config
from pipelines.running.session import check_data_folders

_IDX_FILES = tuple(
    f"{split}-{content}" for split in ("train", "t10k") for content in ("images", "labels")
)
_CONFIG = b"""
name: a_b
source: {name: a, path: data/mnist}
target: {name: b, path: data/optdigits, shots: 5}
transfer: {method: joint, learning_rate: 1e-4, center_loss: {weight: 0.003}}
network: lenet
"""


@dataclass(frozen=True)
class Target:
    """A reader and inputs to start from.

    Attributes:
        read: Reads an input, in a scratch folder of its own.
        seeds: Inputs that reach far into the reader; the first one is valid.
    """

    read: Callable[[bytes, Path], None]
    seeds: Sequence[bytes]

    def __call__(self, data: bytes) -> None:
        """Reads an input; raises whatever is not the documented error."""
        folder = Path(tempfile.mkdtemp(dir=_scratch()))
        try:
            self.read(data, folder)
        except (DataError, ConfigError):
            pass
        finally:
            shutil.rmtree(folder)


def _scratch() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _read_all(format: str, folder: Path) -> None:
    source = open_source(format, str(folder))
    labels: dict[str, dict[int, str]] = {}
    for split in ("train", "eval"):
        found = labels.setdefault(split, {})
        for shard in source.shards(split):
            for record in shard.read():
                found.setdefault(record.label, record.example_id)
    source.class_names(labels)


def _idx(data: bytes, folder: Path) -> None:
    """The first byte says which of the four files the rest replaces."""
    for name, content in zip(_IDX_FILES, _valid_idx(), strict=True):
        (folder / name).write_bytes(content)
    if data:
        (folder / _IDX_FILES[data[0] % len(_IDX_FILES)]).write_bytes(data[1:])
    _read_all("idx", folder)


def _image_folder(data: bytes, folder: Path) -> None:
    for split in ("train", "eval"):
        (folder / split / "a").mkdir(parents=True)
        (folder / split / "a" / "1.png").write_bytes(_png())
    (folder / "train" / "a" / "2.jpg").write_bytes(data)
    _read_all("image_folder", folder)


def _images(data: bytes, folder: Path) -> None:
    """What ends in PNGs and JPEGs that TensorFlow decodes, whatever the format was."""
    stored = read_encoded_image(data, str(folder))
    pixels = tf.io.decode_image(stored.content, expand_animations=False)
    assert pixels.shape[:2] == stored.shape[:2]


def _labels(data: bytes, folder: Path) -> None:
    for name in ("1.png", "2.png", "3.png", "a/4.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(_png())
    (folder / "labels.csv").write_bytes(data)
    _read_all("image_folder", folder)


def _tfrecord(data: bytes, folder: Path) -> None:
    """The first byte says what the rest is: a file, a zipped file, or the record of a sound one."""
    (folder / "eval.tfrecord").write_bytes(_framed(_example(_png(), 0)))
    kind, rest = (data[0] % 3, data[1:]) if data else (0, b"")
    name = "train.tfrecord.gz" if kind == 1 else "train.tfrecord"
    (folder / name).write_bytes(_framed(rest) if kind == 2 else rest)
    _read_all("tfrecord", folder)


def _config(data: bytes, folder: Path) -> None:
    """What stands after the first zero byte is an override."""
    text, *overrides = data.split(b"\0", 1)
    path = folder / "config.yaml"
    path.write_bytes(text)
    decoded = [override.decode(errors="surrogateescape") for override in overrides]
    check_data_folders(load_config(path, decoded))


def _valid_idx() -> Iterator[bytes]:
    for count in (4, 2):
        yield encode_idx(np.arange(count * 6, dtype=np.uint8).reshape(count, 2, 3))
        yield encode_idx(np.arange(count, dtype=np.uint8) % 2)


def _png(channels: int = 1) -> bytes:
    pixels = np.arange(12 * channels, dtype=np.uint8).reshape(1, 4, 3, channels)
    return next(encode_pngs(pixels))


def _jpeg(channels: int) -> bytes:
    pixels = np.arange(48 * channels, dtype=np.uint8).reshape(6, 8, channels)
    return bytes(tf.io.encode_jpeg(pixels).numpy())


def _seeds_of_images() -> list[bytes]:
    """A small picture in every format, turned, with colours of its own, in several frames."""
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3) * 4
    picture = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    foreign = profile.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    kinds: list[tuple[Image.Image, str, dict[str, Any]]] = [
        (picture, "WEBP", {"lossless": True, "exif": exif}),
        (picture, "WEBP", {"save_all": True, "append_images": [picture.convert("L")]}),
        (picture, "TIFF", {"exif": exif}),
        (picture, "TIFF", {"compression": "tiff_lzw"}),
        (picture.convert("CMYK"), "TIFF", {"compression": "tiff_deflate"}),
        (picture, "BMP", {}),
        (picture.convert("P"), "BMP", {}),
        (picture, "GIF", {"save_all": True, "append_images": [picture.convert("L")]}),
        (picture.convert("L"), "GIF", {"transparency": 3}),
        (picture, "JPEG", {"exif": exif}),
        (picture.convert("CMYK"), "JPEG", {}),
        (picture, "PNG", {"exif": exif}),
        (picture, "PNG", {"icc_profile": foreign}),
        (picture, "PNG", {"transparency": (4, 8, 12)}),
    ]
    seeds = []
    for image, format, options in kinds:
        file = io.BytesIO()
        image.save(file, format, **options)
        seeds.append(file.getvalue())
    return seeds


def _example(image: bytes, label: int) -> bytes:
    features = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _framed(record: bytes) -> bytes:
    with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
        path = Path(folder, "file")
        with tf.io.TFRecordWriter(str(path)) as writer:
            writer.write(record)
        return path.read_bytes()


def _seeds_of_idx() -> list[bytes]:
    files = [bytes([index]) + content for index, content in enumerate(_valid_idx())]
    zipped = [file[:1] + gzip.compress(file[1:], mtime=0) for file in files]
    huge = b"\0" + struct.pack(">I3I", 0x803, 0xFFFF_FFFF, 28, 28)
    wide = b"\1" + encode_idx(np.array([1, 0, 1, 0], np.int32))
    return [*files, *zipped, huge, wide]


def _seeds_of_tfrecord() -> list[bytes]:
    example = _example(_png(), 0)
    file = _framed(example)
    return [b"\0" + file, b"\0" + file * 2, b"\1" + gzip.compress(file, mtime=0), b"\2" + example]


TARGETS = {
    "idx": Target(_idx, _seeds_of_idx()),
    "image_folder": Target(_image_folder, [_png(), _png(3), _jpeg(1), _jpeg(3)]),
    "images": Target(_images, _seeds_of_images()),
    "labels": Target(
        _labels,
        [
            b"file,label\n1.png,a\n2.png,b\na/4.png,a\n",
            b"file;label;split;group\n1.png;a;train;x\n2.png;a;test;y\n3.png;a;val;y\n",
            b'\xef\xbb\xbfLabel\tFile\n"a ""b"""\t"1.png"\r\n"a ""b"""\t./2.png\r\n',
        ],
    ),
    "tfrecord": Target(_tfrecord, _seeds_of_tfrecord()),
    "config": Target(
        _config,
        [
            _CONFIG,
            _CONFIG + b"\0target.shots=1",
            b"a: &b [1, 0x1f, 1e-4]\nc: {<<: {d: *b}}\n? [e]\n: !!set {f}",
            Path("configs/tutorial.yaml").read_bytes(),
        ],
    ),
}
