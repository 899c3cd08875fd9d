"""Reads chosen records of a split, and the image in a record."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.core.example_features import IMAGE
from modules.examples.input_pipeline import ExampleIndex

_CHUNK = 512  # records that are read at once


def read_records(index: ExampleIndex, rows: npt.NDArray[np.int64]) -> list[bytes]:
    """Reads serialized examples of a split.

    Args:
        index: Index of the split.
        rows: int64 [M], rows of the index without repetition.

    Returns:
        M serialized tf.Examples, in the order of `rows`.
    """
    records = tf.data.TFRecordDataset(list(index.files), compression_type="GZIP")
    chunks = tf.data.Dataset.zip((tf.data.Dataset.from_tensor_slices(index.slots(rows)), records))
    found: dict[int, bytes] = {}
    for chunk_slots, chunk in chunks.batch(_CHUNK).as_numpy_iterator():
        for place in np.flatnonzero(chunk_slots >= 0):
            found[int(chunk_slots[place])] = chunk[place]
        if len(found) == len(rows):
            break
    return [found[slot] for slot in range(len(rows))]


def encoded_image(record: bytes) -> bytes:
    """Returns the image inside a serialized example."""
    return tf.train.Example.FromString(record).features.feature[IMAGE].bytes_list.value[0]
