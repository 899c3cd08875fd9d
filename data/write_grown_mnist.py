"""MNIST made larger: its train images again and again, each time distorted in another way."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np

from data.idx_arrays import read_idx_arrays
from modules.core.example_features import TRAIN_SPLIT
from modules.sources.idx_format import write_idx

MNIST = Path("data/mnist")
MNIST_IMAGES = 60_000
_SIZE = 28
_CHUNK = 10_000  # images that are distorted at once
_MOST_SHIFT = 2  # pixels


def write_grown_mnist(folder: Path, images: int, seed: int = 0) -> Path:
    """Writes an IDX domain with any number of train images; the eval images are MNIST's.

    The first 60,000 train images are MNIST's own, in its order. The others are MNIST's again, each
    shifted and with another contrast. Equal arguments give equal files.

    Args:
        folder: For the files; created if missing.
        images: Number of train images.
        seed: Seed of the distortions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in MNIST.glob("t10k-*"):
        shutil.copy(path, folder)
    originals, classes = read_idx_arrays(MNIST, TRAIN_SPLIT)
    write_idx(folder / "train-labels-idx1-ubyte", np.resize(classes, images))
    with (folder / "train-images-idx3-ubyte").open("wb") as pixels:
        pixels.write(struct.pack(">IIII", 0x803, images, _SIZE, _SIZE))
        for begin in range(0, images, _CHUNK):
            rows = np.arange(begin, min(begin + _CHUNK, images))
            chunk = originals[rows % MNIST_IMAGES]
            if begin >= MNIST_IMAGES:
                chunk = _distort(chunk, np.random.default_rng([seed, begin]))
            pixels.write(chunk.tobytes())
    return folder


def _distort(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shifts images, uint8 [N, 28, 28], by whole pixels and scales their brightness."""
    shifts = rng.integers(-_MOST_SHIFT, _MOST_SHIFT + 1, (2, len(images), 1))
    rows, columns = (np.arange(_SIZE) + shifts) % _SIZE
    shifted = images[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]
    brightness = rng.uniform(0.6, 1.0, (len(images), 1, 1))
    return (shifted * brightness).astype(np.uint8)
