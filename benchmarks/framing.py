"""Framing inside a TensorFlow graph."""

from __future__ import annotations

import time

import tensorflow as tf

from benchmarks.figure import Figure, at_least
from benchmarks.random_digits import random_digits
from modules.images.framing import frame_images

_BATCH, _BATCHES = 1000, 10


def measure(repeats: int) -> list[Figure]:
    """Measures the framing of 28x28 images."""
    images = random_digits(_BATCH).images
    speeds = [framing_speed(tf.constant(images)) for _ in range(repeats)]
    return [Figure("framing inside the graph", speeds, "images/s", at_least(20_000))]


def framing_speed(images: tf.Tensor) -> float:
    """Frames a batch repeatedly, without counting the tracing, in images per second."""
    frame = tf.function(lambda batch: frame_images(batch, 28))
    frame(images)
    started = time.perf_counter()
    for _ in range(_BATCHES):
        frame(images)
    return _BATCHES * len(images) / (time.perf_counter() - started)
