"""The few evaluation examples that the report shows, out of a split of any size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft

from modules.examples import IMAGE
from modules.input_pipeline import ExampleIndex

_CHUNK = 512  # records that are read at once


def draw_rows(
    labels: npt.NDArray[np.int64], classes: Sequence[int], limit: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draws examples, as many of each class as can be.

    Args:
        labels: Of all examples, int64 [N].
        classes: Labels to draw from.
        limit: Most examples in all.
        rng: Decides which.

    Returns:
        Rows, int64 [M], ascending; M <= limit.
    """
    per_class = limit // max(1, len(classes))
    drawn = [
        rng.permutation(np.flatnonzero(labels == label))[: max(0, per_class)] for label in classes
    ]
    return np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, np.int64)


def read_records(index: ExampleIndex, rows: npt.NDArray[np.int64]) -> list[bytes]:
    """Reads serialized examples of a split.

    Args:
        index: The split's.
        rows: Of the index, int64 [M], without repetition.

    Returns:
        M serialized tf.Examples, in the order of `rows`.
    """
    slots = np.full(len(index), -1, dtype=np.int64)
    slots[index.positions[rows]] = np.arange(len(rows))
    records = tf.data.TFRecordDataset(list(index.files), compression_type="GZIP")
    chunks = tf.data.Dataset.zip((tf.data.Dataset.from_tensor_slices(slots), records))
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


def preprocess_records(
    records: Sequence[bytes], transform_graph_dir: str
) -> npt.NDArray[np.float32]:
    """Sends examples through the TransformGraph.

    Args:
        records: N serialized tf.Examples, at least one.
        transform_graph_dir: A TransformGraph artifact.

    Returns:
        Images as the network sees them, float32 [N, S, S, C].
    """
    transform_output = tft.TFTransformOutput(transform_graph_dir)
    spec = {IMAGE: transform_output.raw_feature_spec()[IMAGE]}
    parsed = tf.io.parse_example(tf.constant(list(records)), spec)
    return transform_output.transform_features_layer()(parsed)[IMAGE].numpy()
