"""A domain of real drawings whose eval split holds copies of train images."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from data.idx_arrays import read_idx_arrays, write_idx_arrays

CLASSES = ("0", "1", "2", "3")
_OF_A_CLASS = {"train": 10, "eval": 4}


class Drawing(NamedTuple):
    """One encoded image."""

    name: str
    content: bytes
    label: int


def png(image: Image.Image) -> bytes:
    return _encoded(image, "PNG")


def jpeg(image: Image.Image) -> bytes:
    return _encoded(image, "JPEG")


def smaller(image: Image.Image) -> bytes:
    """Resized by 10 %."""
    width, height = (round(0.9 * length) for length in image.size)
    return png(image.resize((width, height), Image.Resampling.BILINEAR))


COPIES: Mapping[str, Callable[[Image.Image], bytes]] = {
    "exact": png,
    "re-encoded": jpeg,
    "resized": smaller,
}


def sound_domain() -> dict[str, list[Drawing]]:
    """Drawings of four characters, by different people in both splits."""
    images, labels = read_idx_arrays(Path("data/alphabets"), "train")
    domain: dict[str, list[Drawing]] = {"train": [], "eval": []}
    for label in range(len(CLASSES)):
        rows = np.flatnonzero(labels == label).tolist()
        for split, count in _OF_A_CLASS.items():
            drawn, rows = rows[:count], rows[count:]
            domain[split] += [
                Drawing(f"{row}.png", png(Image.fromarray(images[row])), label) for row in drawn
            ]
    return domain


def leaked_domain() -> dict[str, list[Drawing]]:
    """The same with a copy of each kind in eval, and an exact copy there under another class."""
    domain = sound_domain()
    for drawing, (kind, copy) in zip(domain["train"][:3], COPIES.items(), strict=True):
        domain["eval"].append(Drawing(f"{kind}.img.png", copy(_image(drawing)), drawing.label))
    contradicted = domain["train"][3]
    domain["eval"].append(Drawing("contradictory.png", contradicted.content, 2))
    return domain


def write_folder(folder: Path, domain: Mapping[str, list[Drawing]]) -> Path:
    for split, drawings in domain.items():
        for drawing in drawings:
            path = folder / split / CLASSES[drawing.label] / drawing.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(drawing.content)
    return folder


def write_idx(folder: Path, domain: Mapping[str, list[Drawing]]) -> Path:
    """IDX files have one size: what was resized is brought back to it."""
    for split, prefix in (("train", "train"), ("eval", "t10k")):
        size = _image(domain["train"][0]).size
        images = [np.asarray(_image(drawing).resize(size)) for drawing in domain[split]]
        labels = [drawing.label for drawing in domain[split]]
        write_idx_arrays(folder, prefix, np.stack(images), np.array(labels, np.uint8))
    return folder


def write_tfrecords(folder: Path, domain: Mapping[str, list[Drawing]]) -> Path:
    folder.mkdir(parents=True)
    for split, drawings in domain.items():
        with tf.io.TFRecordWriter(str(folder / f"{split}.tfrecord")) as writer:
            for drawing in drawings:
                example = tf.train.Example()
                features = example.features.feature
                features["image"].bytes_list.value.append(drawing.content)
                features["label"].int64_list.value.append(drawing.label)
                writer.write(example.SerializeToString())
    return folder


WRITERS: Mapping[str, Callable[[Path, Mapping[str, list[Drawing]]], Path]] = {
    "image_folder": write_folder,
    "idx": write_idx,
    "tfrecord": write_tfrecords,
}


def _image(drawing: Drawing) -> Image.Image:
    return Image.open(io.BytesIO(drawing.content))


def _encoded(image: Image.Image, format: str) -> bytes:
    buffer = io.BytesIO()
    image.convert("L").save(buffer, format)
    return buffer.getvalue()
