"""The IDX source: what it reads, and what it refuses with which message."""

from __future__ import annotations

import gzip
import itertools
import pickle
import resource
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import DataError
from modules.sources.base import ImageRecord
from modules.sources.idx import IdxSource
from modules.sources.idx_format import encode_idx, write_idx

_COUNT = 13
_LABELS = np.arange(_COUNT, dtype=np.uint8) % 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid data set of 13 grey 4x5 images in 3 classes, not zipped."""
    images = np.random.default_rng(0).integers(0, 256, (_COUNT, 4, 5), dtype=np.uint8)
    for split in ("train", "t10k"):
        write_idx(tmp_path / f"{split}-images-idx3-ubyte", images)
        write_idx(tmp_path / f"{split}-labels-idx1-ubyte", _LABELS)
    return tmp_path


def _read(folder: Path, split: str = "train", num_shards: int | None = None) -> list[ImageRecord]:
    shards = IdxSource(str(folder)).shards(split, num_shards)
    return list(itertools.chain.from_iterable(shard.read() for shard in shards))


def _plan(source: IdxSource) -> None:
    for split in ("train", "eval"):
        source.shards(split)


def _pixels(record: ImageRecord) -> np.ndarray:
    return tf.io.decode_png(record.image).numpy()


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("shape", [(4, 5), (1, 1), (4, 5, 1), (4, 5, 3), (300, 200)])
@pytest.mark.parametrize("num_shards", [1, 4, 100])
def test_records_hold_the_files_pixels_and_labels_in_their_order(
    tmp_path: Path, shape: tuple[int, ...], suffix: str, num_shards: int
) -> None:
    images = np.random.default_rng(1).integers(0, 256, (_COUNT, *shape), dtype=np.uint8)
    for split in ("train", "t10k"):
        write_idx(tmp_path / f"{split}-images-idx{images.ndim}-ubyte{suffix}", images)
        write_idx(tmp_path / f"{split}-labels-idx1-ubyte{suffix}", _LABELS)
    for split in ("train", "eval"):
        records = _read(tmp_path, split, num_shards)
        height, width, channels = (*shape, 1)[:3]
        assert [record.label for record in records] == _LABELS.tolist()
        assert [record.example_id for record in records] == [
            f"{split}/{index:08d}" for index in range(_COUNT)
        ]
        assert {record[3:6] for record in records} == {(height, width, channels)}
        found = np.stack([_pixels(record) for record in records])
        np.testing.assert_array_equal(found, images.reshape(_COUNT, height, width, channels))


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4"])
def test_labels_may_be_wider_integers(folder: Path, dtype: str) -> None:
    write_idx(folder / "train-labels-idx1-ubyte", _LABELS.astype(dtype))
    assert [record.label for record in _read(folder)] == _LABELS.tolist()


def test_shards_are_as_many_as_asked_never_empty_and_travel_to_workers(folder: Path) -> None:
    source = IdxSource(str(folder))
    assert len(source.shards("train", 4)) == 4
    assert len(source.shards("train", 100)) == _COUNT
    assert len(source.shards("train")) == 1
    shard = pickle.loads(pickle.dumps(source.shards("train", 4)[2]))
    assert list(shard.read()) == _read(folder)[6:9]


@pytest.mark.parametrize(("suffix", "shards"), [("", 25), (".gz", 16)])
def test_many_images_are_many_shards_unless_a_zip_has_to_be_read_anew_for_each(
    tmp_path: Path, suffix: str, shards: int
) -> None:
    for split in ("train", "t10k"):
        write_idx(tmp_path / f"{split}-images-idx3-ubyte{suffix}", np.zeros((250_000, 1, 1), "u1"))
        write_idx(tmp_path / f"{split}-labels-idx1-ubyte{suffix}", np.zeros(250_000, "u1"))
    assert len(IdxSource(str(tmp_path)).shards("train")) == shards


def test_classes_are_numbered_unless_they_are_named(folder: Path) -> None:
    assert IdxSource(str(folder)).class_names({}) == ("0", "1", "2")
    assert IdxSource(str(folder), ("a", "b", "c", "d")).class_names({}) == ("a", "b", "c", "d")


def test_labels_may_start_at_1(folder: Path) -> None:
    for split in ("train", "t10k"):
        write_idx(folder / f"{split}-labels-idx1-ubyte", _LABELS + 1)
    with pytest.raises(DataError, match="set this domain's `label_offset` to 1"):
        IdxSource(str(folder)).class_names({})
    source = IdxSource(str(folder), label_offset=1)
    assert source.class_names({}) == ("1", "2", "3")
    assert IdxSource(str(folder), ("a", "b", "c"), 1).class_names({}) == ("a", "b", "c")
    (shard,) = source.shards("train")
    assert shard.labels() == _LABELS.tolist()
    assert [record.label for record in shard.read()] == _LABELS.tolist()


def test_dots_in_names_are_fine(folder: Path) -> None:
    (folder / "train-images-idx3-ubyte").rename(folder / "train-images.idx3-ubyte")
    assert len(_read(folder)) == _COUNT


def _rewrite(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return apply


def _images(array: np.ndarray) -> Callable[[bytes], bytes]:
    return lambda _: encode_idx(array)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _link_out(folder: Path) -> None:
    outside = folder.parent / f"{folder.name}-outside"
    (folder / "train-images-idx3-ubyte").rename(outside)
    (folder / "train-images-idx3-ubyte").symlink_to(outside)


_BAD_INPUTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated gz": (
        _rewrite("train-images-idx3-ubyte", lambda data: gzip.compress(data)[:-20]),
        r"train-images-idx3-ubyte \(byte \d+\): expected a complete, valid gzip file",
    ),
    "truncated labels gz": (
        _rewrite("t10k-labels-idx1-ubyte", lambda data: gzip.compress(data)[:-4]),
        r"t10k-labels-idx1-ubyte \(byte \d+\): expected a complete, valid gzip file",
    ),
    "wrong magic": (
        _rewrite("train-images-idx3-ubyte", lambda data: b"\0\0\x0d\x03" + data[4:]),
        r"train-images-idx3-ubyte \(byte 0\): expected IDX magic number 0x803 or 0x804.* 0xd03",
    ),
    "labels for images": (
        _rewrite("train-images-idx3-ubyte", lambda _: encode_idx(_LABELS)),
        r"train-images-idx3-ubyte \(byte 0\): expected IDX magic number .* found 0x801",
    ),
    "no header": (
        _rewrite("train-images-idx3-ubyte", lambda data: data[:10]),
        r"train-images-idx3-ubyte \(byte 10\): expected 12 bytes of dimensions, found the file's",
    ),
    "payload too short": (
        _rewrite("train-images-idx3-ubyte", lambda data: data[:-1]),
        r"train-images-idx3-ubyte \(byte 275\): expected 276 bytes.* found its end after 275",
    ),
    "payload too long": (
        _rewrite("train-images-idx3-ubyte", lambda data: data + b"x"),
        r"train-images-idx3-ubyte \(byte 276\): expected 276 bytes.* found more bytes",
    ),
    "labels too short": (
        _rewrite("train-labels-idx1-ubyte", lambda data: data[:-1]),
        r"train-labels-idx1-ubyte \(byte 20\): expected 21 bytes.* found its end after 20",
    ),
    "count mismatch": (
        _rewrite("train-labels-idx1-ubyte", lambda _: encode_idx(_LABELS[:12])),
        r"train-images-idx3-ubyte \(byte 4\): expected 12 images, one for each label of .*"
        r"train-labels-idx1-ubyte, found 13",
    ),
    "label beyond a gap": (
        _rewrite("train-labels-idx1-ubyte", lambda data: data[:-2] + b"\xc8" + data[-1:]),
        r"train-labels-idx1-ubyte \(byte 19\): expected labels without a gap \(0 to 2 .*label 200",
    ),
    "label of eval only": (
        _rewrite("t10k-labels-idx1-ubyte", lambda data: data[:-1] + b"\x03"),
        r"t10k-labels-idx1-ubyte \(byte 20\): expected labels .* found label 3",
    ),
    "negative label": (
        _rewrite(
            "train-labels-idx1-ubyte",
            lambda _: encode_idx(_LABELS.astype("i2") - np.eye(1, _COUNT, dtype="i2")[0]),
        ),
        r"train-labels-idx1-ubyte \(byte 8\): expected labels .* found label -1",
    ),
    "four-channel images": (
        _rewrite("train-images-idx3-ubyte", _images(np.zeros((_COUNT, 2, 2, 4), np.uint8))),
        r"train-images-idx3-ubyte \(byte 4\): expected images .* 1 or 3 channels, found dimensions",
    ),
    "no records": (
        _rewrite("train-images-idx3-ubyte", _images(np.zeros((0, 4, 5), np.uint8))),
        r"train-images-idx3-ubyte \(byte 4\): expected dimensions above 0, found \[0, 4, 5\]",
    ),
    "huge images": (
        _rewrite(
            "train-images-idx3-ubyte",
            lambda data: data[:8] + struct.pack(">II", 10_000, 10_000) + data[16:],
        ),
        r"train-images-idx3-ubyte \(byte 4\): expected images of up to 64000000 pixels",
    ),
    "missing file": (
        lambda folder: (folder / "t10k-labels-idx1-ubyte").unlink(),
        r"expected one file t10k-labels\* \(IDX, \.gz or not\), found none",
    ),
    "ambiguous files": (
        lambda folder: write_idx(folder / "train-labels-idx1-ubyte.gz", _LABELS),
        r"found train-labels-idx1-ubyte and train-labels-idx1-ubyte\.gz\. Keep only one",
    ),
    "empty folder": (
        _empty,
        r"expected one file train-labels\* .*, found none",
    ),
    "link out of the folder": (
        _link_out,
        r"train-images-idx3-ubyte: expected a path inside .*, found a link to",
    ),
}


@pytest.mark.parametrize("case", _BAD_INPUTS)
def test_bad_input_is_one_error_that_names_file_and_reason(folder: Path, case: str) -> None:
    damage, message = _BAD_INPUTS[case]
    damage(folder)
    source = IdxSource(str(folder))
    with pytest.raises(DataError, match=message) as caught:
        _plan(source)
    assert "\n" not in str(caught.value)


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent: expected a folder, found nothing"):
        IdxSource(str(tmp_path / "absent"))


def test_label_beyond_the_named_classes_is_an_error_with_its_offset(folder: Path) -> None:
    with pytest.raises(DataError, match=r"\(byte 10\): expected labels from 0 to 1.*found label 2"):
        IdxSource(str(folder), ("a", "b")).shards("train")


@pytest.mark.parametrize("classes", [(), ("a", "a")])
def test_class_names_must_differ(folder: Path, classes: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="at least one class name and none twice"):
        IdxSource(str(folder), classes)


@pytest.mark.parametrize("zip_file", [lambda data: data, gzip.compress])
def test_a_header_that_claims_terabytes_allocates_nothing(
    folder: Path, zip_file: Callable[[bytes], bytes]
) -> None:
    claim = struct.pack(">I", 4_000_000_000)
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        _rewrite(name, lambda data: zip_file(data[:4] + claim + data[8:]))(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match="as its header says, found its end after"):
        IdxSource(str(folder)).shards("train")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_a_file_beside_the_data_names_the_classes(folder: Path) -> None:
    (folder / "classes.txt").write_text("ä b\nc\nd\n", "utf-8")
    assert IdxSource(str(folder)).class_names({}) == ("ä b", "c", "d")
    assert IdxSource(str(folder), ["x", "y", "z"]).class_names({}) == ("x", "y", "z")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "no line"),
        (b"a\n\nb\n", "line 2 empty"),
        (b"a\nb\na\n", "'a' twice"),
        (b"\xff", "can't decode"),
    ],
)
def test_a_file_of_class_names_that_names_none_or_one_twice_is_refused(
    folder: Path, content: bytes, found: str
) -> None:
    (folder / "classes.txt").write_bytes(content)
    with pytest.raises(DataError, match=r"classes\.txt") as refusal:
        IdxSource(str(folder))
    assert found in str(refusal.value)


def test_too_few_class_names_in_a_file_are_refused(folder: Path) -> None:
    (folder / "classes.txt").write_text("a\nb\n")
    with pytest.raises(DataError, match="labels from 0 to 1, one for each class name"):
        _plan(IdxSource(str(folder)))
