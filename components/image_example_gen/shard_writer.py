"""Writes one shard of labelled images as a file of tf.train.Examples; runs in a Beam worker."""

from __future__ import annotations

import dataclasses
import json
import os
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.image_example_gen.progress import IMAGES_BETWEEN_COUNTS, image_counter
from modules.core.example_features import (
    CHANNELS,
    DOMAIN,
    EVAL_SPLIT,
    EXAMPLE_ID,
    GROUP,
    HEIGHT,
    IMAGE,
    LABEL,
    SPAN,
    WIDTH,
)
from modules.domains.duplicates.files import SignatureFile, signature_file, write_signatures
from modules.domains.duplicates.signatures import SignatureCollector
from modules.examples.content_hash import ContentHash
from modules.sources.base import ImageRecord, ImageShard
from modules.sources.spans.finding import Span
from modules.sources.untuned_dataset import untuned

# Stored PNGs shrink to a quarter; higher levels cost three times the time for 10% more.
RECORD_OPTIONS = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
_REPORTS_FOLDER = "reports"


@dataclass(frozen=True)
class ShardTask:
    """Shard `index` of a split's `count`, to be written below the folder `root`.

    Attributes:
        images: Images in all shards of all splits; 0 where that shows only as they are read.
        span: Of the images, where they arrive in spans. Its name begins their ids.
    """

    shard: ImageShard
    domain: str
    root: str
    split: str
    index: int
    count: int
    images: int = 0
    span: Span | None = None

    @property
    def path(self) -> str:
        """Where its examples go."""
        return examples_file(self.root, self.split, self.index, self.count)


@dataclass
class ShardReport:
    """What was read, of one shard or of a split.

    Attributes:
        records: How many images were written.
        labels: The labels, each with the id of its first example.
        refused: What is wrong with each image that was left out.
        groups: The groups, each with the id of its first example.
        content: Hash of the eval split's images and labels.
    """

    records: int = 0
    labels: dict[int, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    content: int = 0

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ShardReport:
        """Reads what `dataclasses.asdict` gave; JSON makes the labels texts."""
        labels = {int(label): example_id for label, example_id in values["labels"].items()}
        return cls(**{**values, "labels": labels})

    def add(self, other: ShardReport, new_labels: Sequence[int] | None = None) -> None:
        """Takes up what another report says.

        Args:
            other: Of other images.
            new_labels: For each of its labels the one that takes its place; None keeps them.
        """
        self.records += other.records
        self.refused += other.refused
        for label, example_id in other.labels.items():
            self.labels.setdefault(new_labels[label] if new_labels else label, example_id)
        for group, example_id in other.groups.items():
            self.groups.setdefault(group, example_id)
        self.content = ContentHash.joined(self.content, other.content)


class _ExampleEncoder:
    """Serializes records as tf.train.Examples; equal records give equal bytes.

    It refills one message: building a new one for each record takes three times as long.
    """

    def __init__(self, domain: str, span: Span | None) -> None:
        self._example = tf.train.Example()
        features = self._example.features.feature
        features[DOMAIN].bytes_list.value.append(domain.encode())
        if span is not None:
            features[SPAN].int64_list.value.append(span.number)
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
        if record.group is not None:
            group = self._example.features.feature[GROUP].bytes_list.value
            group[:] = (record.group.encode("utf-8", "backslashreplace"),)
        serialized: bytes = self._example.SerializeToString(deterministic=True)
        return serialized


def write_shard(task: ShardTask) -> SignatureFile:
    """Streams a shard into `Split-<split>/data_tfrecord-NNNNN-of-NNNNN.gz` below the root.

    Workers may repeat or race each other: each writes under its own name, then renames.

    Images that cannot be read are left out and reported.

    Returns:
        Where the signatures of the shard's images are.

    Raises:
        DataError: The shard is not what the format promises.
    """
    attempt = os.path.join(task.root, f"attempt-{uuid.uuid4().hex}")
    report = ShardReport()
    encoder, content = _ExampleEncoder(task.domain, task.span), ContentHash()
    signatures = SignatureCollector()
    with tf.io.TFRecordWriter(attempt, RECORD_OPTIONS) as writer:
        for record in task.shard.read(lambda error: report.refused.append(str(error))):
            if task.span is not None:
                record = _name_by_span(record, task.span)
            report.labels.setdefault(record.label, record.example_id)
            report.records += 1
            if record.group is not None:
                report.groups.setdefault(record.group, record.example_id)
            if task.split == EVAL_SPLIT:
                content.add(record.image, record.label)
            writer.write(encoder.encode(record))
            signatures.add(record.image, record.label, record.example_id)
            if task.images and report.records % IMAGES_BETWEEN_COUNTS == 0:
                image_counter.add(IMAGES_BETWEEN_COUNTS, task.root, task.images)
    if task.images:
        image_counter.add(report.records % IMAGES_BETWEEN_COUNTS, task.root, task.images)
    report.content = content.value
    report_path = os.path.join(_reports_folder(task.root, task.split), f"{task.index:05d}.json")
    io_utils.write_string_file(report_path, json.dumps(dataclasses.asdict(report)))
    signed = signature_file(task.root, task.split, task.index)
    write_signatures(signed.path, signatures.finish())
    fileio.rename(attempt, task.path, overwrite=True)
    return signed


def _name_by_span(record: ImageRecord, span: Span) -> ImageRecord:
    """Begins the id with the span's name: files of two spans may have one name."""
    example_id = f"{span.name}/{record.example_id}"
    is_alone = record.group == record.example_id
    return record._replace(example_id=example_id, group=example_id if is_alone else record.group)


def leave_out(path: str, rows: Collection[int]) -> None:
    """Writes a file of examples again without some of its rows.

    The others keep their bytes and their order.
    """
    attempt = f"{path}.attempt-{uuid.uuid4().hex}"
    left_out = frozenset(rows)
    with tf.io.TFRecordWriter(attempt, RECORD_OPTIONS) as writer:
        records = untuned(tf.data.TFRecordDataset(path, "GZIP"))
        for row, record in enumerate(records.as_numpy_iterator()):
            if row not in left_out:
                writer.write(record)
    fileio.rename(attempt, path, overwrite=True)


def split_folder(root: str, split: str) -> str:
    """Returns the folder where TFX looks for a split's files."""
    return os.path.join(root, f"Split-{split}")


def examples_file(root: str, split: str, index: int, count: int) -> str:
    """Names the file of a shard's examples."""
    return os.path.join(split_folder(root, split), f"data_tfrecord-{index:05d}-of-{count:05d}.gz")


def find_examples_file(root: str, split: str, index: int) -> str:
    """Returns the file of a shard's examples, whatever the number of shards."""
    (found,) = fileio.glob(
        os.path.join(split_folder(root, split), f"data_tfrecord-{index:05d}-of-*")
    )
    return str(found)


def read_reports(root: str, split: str) -> ShardReport:
    """Reads what the workers have reported about the shards of a split."""
    total = ShardReport()
    for path in sorted(fileio.glob(os.path.join(_reports_folder(root, split), "*.json"))):
        total.add(ShardReport.from_json(json.loads(io_utils.read_string_file(path))))
    return total


def _reports_folder(root: str, split: str) -> str:
    return os.path.join(root, _REPORTS_FOLDER, split)
