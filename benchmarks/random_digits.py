"""Noise in MNIST's shape: training speed does not depend on what the images show."""

from __future__ import annotations

import numpy as np

from modules.examples.input_pipeline import PreprocessedExamples


def random_digits(count: int) -> PreprocessedExamples:
    """Makes preprocessed examples: images float32 [N, 28, 28, 1] in [0, 1), labels below 10."""
    rng = np.random.default_rng(0)
    return PreprocessedExamples(
        images=rng.random((count, 28, 28, 1), np.float32),
        labels=rng.integers(0, 10, count),
        example_ids=np.array([f"{number:06d}".encode() for number in range(count)]),
    )
