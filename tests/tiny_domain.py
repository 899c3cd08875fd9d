"""Builds the Examples and statistics of tiny domains, valid ones and broken ones."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.types import standard_artifacts
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from modules.core.example_features import CLASSES_FILE, INGESTION_FILE
from modules.domains.ingestion import Ingestion
from modules.domains.statistics import statistics_options

_PNG = tf.io.encode_png(np.full((8, 8, 1), 90, np.uint8)).numpy()


def serialized_example(index: int, label: int, /, **changes: Any) -> bytes:
    """One example as ImageExampleGen writes it.

    Args:
        index: Becomes the example's id.
        label: Its class.
        changes: Other values of features, a list each; None leaves the feature out.
    """
    values: dict[str, Any] = {
        "image": [_PNG],
        "label": [label],
        "domain": [b"digits"],
        "example_id": [f"train/{index:08d}".encode()],
        "height": [8],
        "width": [8],
        "channels": [1],
        **changes,
    }
    features = {name: _feature(value) for name, value in values.items() if value is not None}
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def balanced(examples_per_class: int, num_classes: int, **changes: Any) -> list[bytes]:
    """Equally many examples of each class."""
    return [
        serialized_example(index, index % num_classes, **changes)
        for index in range(examples_per_class * num_classes)
    ]


def statistics_of(records: Sequence[bytes]) -> statistics_pb2.DatasetFeatureStatisticsList:
    """The statistics that StatisticsGen computes with the project's options."""
    if not records:
        # What TFDV writes for a split without records.
        return statistics_pb2.DatasetFeatureStatisticsList(
            datasets=[statistics_pb2.DatasetFeatureStatistics()]
        )
    batch = ExamplesToRecordBatchDecoder().DecodeBatch(list(records))
    return generate_statistics_in_memory(batch, statistics_options())


def write_examples(
    folder: Path, splits: Mapping[str, Sequence[bytes]], class_names: Sequence[str]
) -> standard_artifacts.Examples:
    """An Examples artifact with two shards a split."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.splits = list(splits)
    for split, records in splits.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        middle = len(records) // 2
        for shard, part in enumerate((records[:middle], records[middle:])):
            path = folder / f"Split-{split}" / f"data_tfrecord-0000{shard}-of-00002.gz"
            with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
                for record in part:
                    writer.write(record)
    folder.joinpath(CLASSES_FILE).write_text(json.dumps(list(class_names)))
    return artifact


def describe_examples(examples: standard_artifacts.Examples, **told: Any) -> None:
    """Writes what ImageExampleGen says of Examples: nothing, but for what is `told`."""
    path = Path(examples.uri, INGESTION_FILE)
    path.write_text(json.dumps(dataclasses.asdict(Ingestion()) | told))


def write_statistics(
    folder: Path, splits: Mapping[str, Sequence[bytes]]
) -> standard_artifacts.ExampleStatistics:
    """An ExampleStatistics artifact, as StatisticsGen lays it out."""
    artifact = standard_artifacts.ExampleStatistics()
    artifact.uri = str(folder)
    artifact.split_names = json.dumps(list(splits))
    for split, records in splits.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        path = folder / f"Split-{split}" / "FeatureStats.pb"
        path.write_bytes(statistics_of(records).SerializeToString())
    return artifact


def _feature(values: Sequence[Any]) -> tf.train.Feature:
    if values and isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
