"""Draws comparable images from two domains: equally many of each class from both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.examples.input_pipeline import ExampleIndex
from modules.examples.records import encoded_image, read_records
from modules.images.decoding import decode_images

SIZE = 16  # pixels: both domains are compared at this size, whatever their own
_CHUNK = 256  # images that are decoded at once


class DomainSample(NamedTuple):
    """Grey images in [0, 1] of both domains, float32 [N, SIZE, SIZE] each.

    Row by row they have the same classes: what tells them apart is not the labels.
    """

    source: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]


def sample_domains(
    source: ExampleIndex, target: ExampleIndex, limit: int, seed: int
) -> DomainSample:
    """Draws up to `limit` images of each split; none if no class is in both splits.

    Raises:
        tf.errors.InvalidArgumentError: An image cannot be decoded.
    """
    common = np.intersect1d(source.labels, target.labels)
    per_class = limit // max(1, len(common))
    rng = np.random.default_rng(seed)
    rows: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for label in common:
        members = [np.flatnonzero(index.labels == label) for index in (source, target)]
        count = min(per_class, *map(len, members))
        for drawn, candidates in zip(rows, members, strict=True):
            drawn.append(rng.permutation(candidates)[:count])
    return DomainSample(
        *(
            _small_images(index, np.concatenate(drawn) if drawn else np.zeros(0, np.int64))
            for index, drawn in zip((source, target), rows, strict=True)
        )
    )


def _small_images(index: ExampleIndex, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    encoded = [encoded_image(record) for record in read_records(index, rows)]
    chunks = [
        _decode(tf.constant(encoded[start : start + _CHUNK])).numpy()[..., 0]
        for start in range(0, len(encoded), _CHUNK)
    ]
    return np.concatenate(chunks) if chunks else np.zeros((0, SIZE, SIZE), np.float32)


@tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
def _decode(encoded: tf.Tensor) -> tf.Tensor:
    return decode_images(
        encoded, 1, SIZE, lambda images: tf.image.resize(images, [SIZE, SIZE], antialias=True)
    )
