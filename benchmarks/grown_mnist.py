"""MNIST made larger: its train images again and again, each time distorted in another way."""

from __future__ import annotations

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np

MNIST = Path("data/mnist")
MNIST_IMAGES = 60_000
_SIZE = 28
_CHUNK = 10_000  # images that are in memory at once
_MOST_SHIFT = 2  # pixels
_IMAGES_HEADER, _LABELS_HEADER = 16, 8


def write_grown_mnist(folder: Path, images: int, seed: int = 0) -> Path:
    """Writes an IDX domain with as many train images as asked for; the eval images are MNIST's.

    The first 60,000 train images are MNIST's own, in its order; each of the others is one of them,
    shifted and of another contrast. Equal arguments give equal files.

    Args:
        folder: Where the files go; made if missing.
        images: Train images.
        seed: Of the distortions.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in MNIST.glob("t10k-*"):
        shutil.copy(path, folder)
    with (
        (folder / "train-images-idx3-ubyte").open("wb") as pixels,
        (folder / "train-labels-idx1-ubyte").open("wb") as labels,
    ):
        pixels.write(struct.pack(">IIII", 0x803, images, _SIZE, _SIZE))
        labels.write(struct.pack(">II", 0x801, images))
        for begin in range(0, images, _CHUNK):
            rows = np.arange(begin, min(begin + _CHUNK, images))
            chunk, classes = _read_chunk(rows % MNIST_IMAGES)
            if begin >= MNIST_IMAGES:
                chunk = _distort(chunk, np.random.default_rng([seed, begin]))
            pixels.write(chunk.tobytes())
            labels.write(classes.tobytes())
    return folder


def _read_chunk(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reads consecutive images and labels of MNIST: uint8 [N, 28, 28] and [N]."""
    first, count = int(rows[0]), len(rows)
    pixels = _read_bytes("train-images-idx3-ubyte.gz", _IMAGES_HEADER, first, count, _SIZE**2)
    labels = _read_bytes("train-labels-idx1-ubyte.gz", _LABELS_HEADER, first, count, 1)
    return pixels.reshape(count, _SIZE, _SIZE), labels


def _read_bytes(name: str, header: int, first: int, count: int, record: int) -> np.ndarray:
    with gzip.open(MNIST / name) as file:
        file.seek(header + first * record)
        return np.frombuffer(file.read(count * record), np.uint8)


def _distort(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shifts images, uint8 [N, 28, 28], by whole pixels and scales their brightness."""
    shifts = rng.integers(-_MOST_SHIFT, _MOST_SHIFT + 1, (2, len(images), 1))
    rows, columns = (np.arange(_SIZE) + shifts) % _SIZE
    shifted = images[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]
    brightness = rng.uniform(0.6, 1.0, (len(images), 1, 1))
    return (shifted * brightness).astype(np.uint8)
