"""Writes one shard of labelled images as a file of tf.train.Examples; runs in a Beam worker."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass

import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from modules.core.example_features import CHANNELS, DOMAIN, EXAMPLE_ID, HEIGHT, IMAGE, LABEL, WIDTH
from modules.sources.base import ImageRecord, ImageShard

# Stored PNGs shrink to a quarter; higher levels cost three times the time for 10% more.
_GZIP_LEVEL = 1
_LABELS_FOLDER = "labels"


@dataclass(frozen=True)
class ShardTask:
    """Shard `index` of a split's `count`, to be written below the folder `root`."""

    shard: ImageShard
    domain: str
    root: str
    split: str
    index: int
    count: int


class _ExampleEncoder:
    """Serializes records as tf.train.Examples; equal records give equal bytes.

    It refills one message: building a new one for each record takes three times as long.
    """

    def __init__(self, domain: str) -> None:
        self._example = tf.train.Example()
        features = self._example.features.feature
        features[DOMAIN].bytes_list.value.append(domain.encode())
        self._image, self._example_id = (
            features[name].bytes_list.value for name in (IMAGE, EXAMPLE_ID)
        )
        self._label, self._height, self._width, self._channels = (
            features[name].int64_list.value for name in (LABEL, HEIGHT, WIDTH, CHANNELS)
        )

    def encode(self, record: ImageRecord) -> bytes:
        self._example_id[:] = (record.example_id.encode(),)
        self._image[:] = (record.image,)
        self._label[:] = (record.label,)
        self._height[:] = (record.height,)
        self._width[:] = (record.width,)
        self._channels[:] = (record.channels,)
        serialized: bytes = self._example.SerializeToString(deterministic=True)
        return serialized


def write_shard(task: ShardTask) -> None:
    """Streams a shard into `Split-<split>/data_tfrecord-NNNNN-of-NNNNN.gz` below the root.

    Workers may repeat or race each other: each writes under its own name, then renames.

    Raises:
        DataError: A record is not what the format promises.
    """
    attempt = os.path.join(task.root, f"attempt-{uuid.uuid4().hex}")
    labels: dict[int, str] = {}
    encoder = _ExampleEncoder(task.domain)
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=_GZIP_LEVEL)
    with tf.io.TFRecordWriter(attempt, options) as writer:
        for record in task.shard.read():
            labels.setdefault(record.label, record.example_id)
            writer.write(encoder.encode(record))
    labels_path = os.path.join(_labels_folder(task.root, task.split), f"{task.index:05d}.json")
    io_utils.write_string_file(labels_path, json.dumps(labels))
    name = f"data_tfrecord-{task.index:05d}-of-{task.count:05d}.gz"
    fileio.rename(attempt, os.path.join(split_folder(task.root, task.split), name), overwrite=True)


def split_folder(root: str, split: str) -> str:
    """Returns the folder where TFX looks for a split's files."""
    return os.path.join(root, f"Split-{split}")


def read_labels(root: str, split: str) -> dict[int, str]:
    """Reads which labels the shards of a split hold, with the id of the first example of each."""
    labels: dict[int, str] = {}
    for path in sorted(fileio.glob(os.path.join(_labels_folder(root, split), "*.json"))):
        for label, example_id in json.loads(io_utils.read_string_file(path)).items():
            labels.setdefault(int(label), example_id)
    return labels


def _labels_folder(root: str, split: str) -> str:
    return os.path.join(root, _LABELS_FOLDER, split)
