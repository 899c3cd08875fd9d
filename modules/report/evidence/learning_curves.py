"""Scalars of a training, read from its TensorBoard files."""

from __future__ import annotations

import os
from collections.abc import Mapping

import tensorflow as tf

from modules.sources.untuned_dataset import untuned

Curve = Mapping[int, float]

_EVENT_FILES = "events.out.tfevents.*"


def read_curves(model_run_uri: str) -> dict[str, Curve]:
    """Reads every scalar of a training.

    A resumed training has several files. Where they overlap, the later file counts. If the writer
    was killed, a file may end in the middle of a record.

    Args:
        model_run_uri: Root folder of a ModelRun artifact.

    Returns:
        Values by ascending step, by tag. Empty if nothing was trained.
    """
    curves: dict[str, dict[int, float]] = {}
    for path in sorted(tf.io.gfile.glob(os.path.join(model_run_uri, _EVENT_FILES))):
        try:
            for record in untuned(tf.data.TFRecordDataset(path)).as_numpy_iterator():
                event = tf.compat.v1.Event.FromString(record)
                for value in event.summary.value:
                    if value.metadata.plugin_data.plugin_name == "scalars":
                        curve = curves.setdefault(value.tag, {})
                        curve[event.step] = float(tf.make_ndarray(value.tensor))
        except tf.errors.DataLossError:
            continue
    return {tag: dict(sorted(curve.items())) for tag, curve in curves.items()}
