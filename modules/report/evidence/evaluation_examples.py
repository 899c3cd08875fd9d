"""A few evaluation examples, found in a split of any size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft

from modules.core.errors import DataError
from modules.core.example_features import IMAGE
from modules.examples.input_pipeline import ExampleIndex


def draw_rows(
    labels: npt.NDArray[np.int64], classes: Sequence[int], limit: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draws the same number of examples of each class, as far as there are enough.

    Args:
        labels: Labels of all examples, int64 [N].
        classes: Labels to draw from.
        limit: Most examples to draw.
        rng: Source of randomness.

    Returns:
        Rows, int64 [M], ascending; M <= limit.
    """
    per_class = limit // max(1, len(classes))
    drawn = [
        rng.permutation(np.flatnonzero(labels == label))[: max(0, per_class)] for label in classes
    ]
    return np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, np.int64)


def find_rows(index: ExampleIndex, example_ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """Finds evaluated examples by their ids.

    Args:
        index: Index of the evaluated split, with sorted ids.
        example_ids: Ids of M examples.

    Returns:
        Rows of the index, int64 [M].

    Raises:
        DataError: An example is not in the split.
    """
    wanted = np.array([example_id.encode() for example_id in example_ids])
    rows = np.minimum(np.searchsorted(index.example_ids, wanted), len(index) - 1)
    if (index.example_ids[rows] != wanted).any():
        raise DataError(
            index.files[0],
            expected="the examples that were evaluated",
            found="not all of them",
            fix="Run the evaluation again.",
        )
    return rows


def preprocess_records(
    records: Sequence[bytes], transform_graph_dir: str
) -> npt.NDArray[np.float32]:
    """Sends examples through the TransformGraph.

    Args:
        records: N serialized tf.Examples, at least one.
        transform_graph_dir: Root folder of a TransformGraph artifact.

    Returns:
        Images as the network sees them, float32 [N, S, S, C].
    """
    transform_output = tft.TFTransformOutput(transform_graph_dir)
    spec = {IMAGE: transform_output.raw_feature_spec()[IMAGE]}
    parsed = tf.io.parse_example(tf.constant(list(records)), spec)
    return transform_output.transform_features_layer()(parsed)[IMAGE].numpy()
