"""Train digits of the embedded domains, read without the code under test."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

_DATA = Path(__file__).parents[2] / "data"


def train_digits(domain: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the first `count` train images, float32 [N, H, W, 1] in [0, 1], and their labels."""
    images = gzip.decompress((_DATA / domain / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((_DATA / domain / "train-labels-idx1-ubyte.gz").read_bytes())
    _, total, height, width = np.frombuffer(images, ">i4", 4)
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(total, height, width, 1)
    return pixels[:count] / np.float32(255), np.frombuffer(labels, np.uint8, offset=8)[:count]
