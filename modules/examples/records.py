"""Reads chosen records of a split, and the image in a record."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.core.example_features import IMAGE
from modules.examples.input_pipeline import ExampleIndex, placed_record_chunks


def read_records(index: ExampleIndex, rows: npt.NDArray[np.int64]) -> list[bytes]:
    """Reads the serialized tf.Examples of M rows, int64 [M] without repetition, in that order."""
    if not len(rows):
        return []
    found: dict[int, bytes] = {}
    for chunk, chunk_slots in placed_record_chunks(index, rows).as_numpy_iterator():
        for place in np.flatnonzero(chunk_slots >= 0):
            found[int(chunk_slots[place])] = chunk[place]
        if len(found) == len(rows):
            break
    return [found[slot] for slot in range(len(rows))]


def encoded_image(record: bytes) -> bytes:
    """Returns the image inside a serialized example."""
    return tf.train.Example.FromString(record).features.feature[IMAGE].bytes_list.value[0]
