"""An evaluation in the file format of TensorFlow Model Analysis, for its viewers and loaders.

TFMA's own engine needs a Beam pipeline, which takes seconds for a thousand examples, while the
counts are already known here. A test compares the two.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_model_analysis as tfma
from google.protobuf import json_format
from tensorflow_model_analysis.proto import config_pb2

from modules.core.arms import PRETRAINED, WARM_START
from modules.core.example_features import LABEL
from modules.models.served_model import Answers

CLASS_SLICE = "class_name"
_ACCURACY = "accuracy"
_EXAMPLE_COUNT = "example_count"
_METRICS_FILE = "metrics-00000-of-00001.tfrecord"
_CONFIG_FILE = "eval_config.json"


def write_tfma_results(
    output_path: str,
    answers: Mapping[str, Answers],
    class_names: Sequence[str],
    data_location: str,
    model_locations: Mapping[str, str],
) -> None:
    """Writes accuracy and example count of each arm, overall and by class.

    `tfma.load_eval_result(output_path)` returns the warm start with its difference from the
    pretrained model as baseline; with `model_name`, it returns any arm.

    Args:
        output_path: Folder to write to.
        answers: Each arm's answers to the same examples.
        class_names: K names in label order.
        data_location: Where the examples are, for display.
        model_locations: Where each of these arms' models is, for display.
    """
    tf.io.gfile.makedirs(output_path)
    _write_config(output_path, data_location, model_locations)
    labels = answers[WARM_START].labels
    slices: list[tuple[tuple[tuple[str, str], ...], Any]] = [((), slice(None))]
    slices += [
        (((CLASS_SLICE, name),), labels == label)
        for label, name in enumerate(class_names)
        if np.any(labels == label)
    ]
    with tf.io.TFRecordWriter(os.path.join(output_path, _METRICS_FILE)) as writer:
        for key, members in slices:
            metrics = tfma.writers.convert_slice_metrics_to_proto(
                (key, _metrics(answers, members)), add_metrics_callbacks=None
            )
            writer.write(metrics.SerializeToString(deterministic=True))


def _metrics(answers: Mapping[str, Answers], members: Any) -> dict[Any, float]:
    metrics: dict[Any, float] = {}
    for arm in answers:
        right = (answers[arm].predicted == answers[arm].labels)[members]
        metrics[tfma.metrics.MetricKey(_ACCURACY, model_name=arm)] = float(right.mean())
        metrics[tfma.metrics.MetricKey(_EXAMPLE_COUNT, model_name=arm)] = float(len(right))
    # To the loader, the one model with differences is the candidate.
    for name in (_ACCURACY, _EXAMPLE_COUNT):
        difference = (
            metrics[tfma.metrics.MetricKey(name, model_name=WARM_START)]
            - metrics[tfma.metrics.MetricKey(name, model_name=PRETRAINED)]
        )
        metrics[tfma.metrics.MetricKey(name, model_name=WARM_START, is_diff=True)] = difference
    return metrics


def _write_config(output_path: str, data_location: str, model_locations: Mapping[str, str]) -> None:
    eval_config = config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(name=arm, label_key=LABEL, is_baseline=arm == PRETRAINED)
            for arm in model_locations
        ],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            config_pb2.SlicingSpec(feature_keys=[CLASS_SLICE]),
        ],
        metrics_specs=[
            config_pb2.MetricsSpec(
                model_names=list(model_locations),
                metrics=[
                    config_pb2.MetricConfig(class_name="ExampleCount"),
                    config_pb2.MetricConfig(
                        class_name="SparseCategoricalAccuracy", config=f'"name": "{_ACCURACY}"'
                    ),
                ],
            )
        ],
    )
    run = config_pb2.EvalRun(
        eval_config=eval_config,
        version=tfma.__version__,
        data_location=data_location,
        file_format="tfrecords_gzip",
        model_locations=dict(model_locations),
    )
    # Sorted, because a proto's map has no order.
    text = json.dumps(json_format.MessageToDict(run), indent=2, sort_keys=True)
    with tf.io.gfile.GFile(os.path.join(output_path, _CONFIG_FILE), "w") as file:
        file.write(text)
