"""Domains whose classes and files bear names that would run, escape, turn or overflow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from tests.e2e.conftest import read_idx

# Set by each name that a browser would obey.
CANARY = "warmstartCanary"
LONGEST_PART = 255  # bytes of a folder's or file's name

_TAG = f"<img src=x onerror=window.{CANARY}=1>"
_EMOJI = "\N{UNICORN FACE}"
FOLDERS = (
    f"<script>window.{CANARY}=1;alert(1)<\N{DIVISION SLASH}script><svg onload=alert(1)>",
    _TAG,
    "\"double\" and 'single' ` & &amp; {{ 7*7 }} {% raw %}",
    f"\" onfocus=window.{CANARY}=1 autofocus x='",
    "turned \N{RIGHT-TO-LEFT OVERRIDE}around\N{POP DIRECTIONAL ISOLATE} \N{HEBREW LETTER ALEF}",
    "=1+1,[red]glob*?[a-z]$(id) $x$ \x1b[31m",
    "new\nline, \N{LINE SEPARATOR} and \x85",
    _EMOJI * (LONGEST_PART // 4) + "abc",
    "x" * LONGEST_PART,
)
# Names that no folder can have, as a configuration gives them.
CLASSES = (
    f"</title></style></svg><script>window.{CANARY}=1;alert(1)</script>",
    f'<a href="javascript:alert(1)">\r\n{_TAG}</a><!--run-facts-->',
    "y" * 300,
    _EMOJI * 300,
    f"{_TAG * 10} \N{RIGHT-TO-LEFT OVERRIDE}turned",
)


def file_name(number: int) -> str:
    """Names an image file: by turns hostile, long and plain."""
    stem = (_TAG, "'\"; {{ 7*7 }}", "\N{RIGHT-TO-LEFT OVERRIDE}gnp.", _EMOJI * 60, "=1+1")
    return f"{stem[number % len(stem)]}{number}.png"


def digits(domain: str, split: str, classes: int, per_class: int) -> list[tuple[np.ndarray, int]]:
    """The first images of the first classes of an embedded domain, with their labels."""
    images = read_idx(Path(f"data/{domain}/{split}-images-idx3-ubyte.gz"))
    labels = read_idx(Path(f"data/{domain}/{split}-labels-idx1-ubyte.gz"))
    return [
        (image, label) for label in range(classes) for image in images[labels == label][:per_class]
    ]


def write_image_folder(folder: Path, domain: str, counts: tuple[int, int]) -> Path:
    """Writes `train` and `eval` of an embedded domain under hostile names."""
    for split, target, count in zip(("train", "t10k"), ("train", "eval"), counts, strict=True):
        for number, (image, label) in enumerate(digits(domain, split, len(FOLDERS), count)):
            path = folder / target / FOLDERS[label] / file_name(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    return folder


def write_tfrecords(folder: Path, domain: str, counts: tuple[int, int]) -> Path:
    """Writes the classes of `CLASSES` of an embedded domain into files of hostile names."""
    folder.mkdir(parents=True)
    for split, target, count in zip(("train", "t10k"), ("train", "eval"), counts, strict=True):
        path = folder / f"{target}{_TAG}.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for image, label in digits(domain, split, len(CLASSES), count):
                writer.write(_example(image, label))
    return folder


def _example(image: np.ndarray, label: int) -> bytes:
    features = {
        "image": tf.train.Feature(
            bytes_list=tf.train.BytesList(value=[tf.io.encode_png(image[..., None]).numpy()])
        ),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()
