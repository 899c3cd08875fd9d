"""TFRecord files of tf.train.Examples with the features `image` (PNG, JPEG) and `label`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from modules.errors import DataError
from modules.examples import EVAL_SPLIT, IMAGE, LABEL, TRAIN_SPLIT
from modules.image_sources.base import ImageRecord, ImageShard, ImageSource
from modules.image_sources.encoded import check_encoded_image
from modules.image_sources.files import ByteStream, check_stays_inside, list_folder
from modules.image_sources.labels import find_label_problem, implied_class_names

_SUFFIXES = (".tfrecord", ".tfrecord.gz")
_BATCH = 32  # Records that TensorFlow hands over at once.
_CHUNK_BYTES = 1 << 20
_FIX = "Write the file again."


@dataclass(frozen=True)
class TFRecordShard(ImageShard):
    """One TFRecord file.

    Args:
        split: `train` or `eval`.
        path: The file, gzip where its name ends in `.gz`.
        index: Its number among the split's files.
        num_classes: Labels must be below it; None where the labels define the classes.
    """

    split: str
    path: str
    index: int
    num_classes: int | None

    def read(self) -> Iterator[ImageRecord]:
        """Streams the records; other features of theirs are left out."""
        for number, serialized in enumerate(_read_records(self.path)):
            record = f"record {number}"
            image, label = self._parse(serialized, record)
            example_id = f"{self.split}/{self.index:05d}-{number:08d}"
            shape = check_encoded_image(image, self.path, record)
            yield ImageRecord(example_id, image, label, *shape)

    def _parse(self, serialized: bytes, record: str) -> tuple[bytes, int]:
        import tensorflow as tf  # Takes seconds; the other formats do without.

        try:
            features = tf.train.Example.FromString(serialized).features.feature
        except DecodeError:
            raise self._broken(record, "a tf.train.Example", "other data") from None
        names = sorted(features)  # Before the lookups below, which add what is missing.
        images = features[IMAGE].bytes_list.value
        labels = features[LABEL].int64_list.value
        if len(images) != 1 or len(labels) != 1:
            raise self._broken(
                record,
                f"one value in '{IMAGE}' (bytes) and one in '{LABEL}' (int64)",
                f"{len(images)} and {len(labels)} in features {names}",
            )
        if labels[0] < 0 or (self.num_classes is not None and labels[0] >= self.num_classes):
            limit = "" if self.num_classes is None else f" to {self.num_classes - 1}"
            raise self._broken(record, f"a label from 0{limit}", f"label {labels[0]}")
        return images[0], labels[0]

    def _broken(self, record: str, expected: str, found: str) -> DataError:
        return DataError(f"{self.path}, {record}", expected=expected, found=found, fix=_FIX)


class TFRecordSource(ImageSource):
    """A folder with `train*` and `eval*` files that end in `.tfrecord` or `.tfrecord.gz`.

    Args:
        folder: Local folder, or a URI that TensorFlow's file systems know.
        classes: Class names in label order; None names them "0" up to the highest label.
    """

    split_patterns = {split: f"{split}*.tfrecord*" for split in (TRAIN_SPLIT, EVAL_SPLIT)}

    def shards(self, split: str, num_shards: int | None = None) -> list[ImageShard]:
        """Takes each file as one shard, since a file can only be read from its start."""
        names = [
            name
            for name in list_folder(self.folder)
            if name.startswith(split) and name.endswith(_SUFFIXES)
        ]
        if not names:
            raise DataError(
                self.folder,
                expected=f"files {split}*.tfrecord or {split}*.tfrecord.gz",
                found="none",
                fix="Add them, or check the domain's `path` and `format`.",
            )
        paths = [os.path.join(self.folder, name) for name in names]
        for path in paths:
            check_stays_inside(path, self.folder)
        limit = None if self.classes is None else len(self.classes)
        return [TFRecordShard(split, path, index, limit) for index, path in enumerate(paths)]

    def class_names(self, labels: Mapping[str, Mapping[int, str]]) -> tuple[str, ...]:
        """Names the classes: as given, or "0" up to the highest label that was read."""
        for split, found in labels.items():
            if not found:
                raise DataError(
                    self.folder, expected=f"records in {split}*", found="none", fix=_FIX
                )
        problem = find_label_problem(labels, self.classes)
        if problem:
            example_id = labels[problem.split][problem.label]
            raise DataError(
                f"{self.folder}, example {example_id}",
                expected=problem.expected,
                found=f"label {problem.label}",
                fix="Correct the file, or list all `classes` of this domain.",
            )
        return self.classes or implied_class_names(labels[TRAIN_SPLIT])


def _read_records(path: str) -> Iterator[bytes]:
    import tensorflow as tf

    is_gzip = path.endswith(".gz")
    batches = tf.data.TFRecordDataset(path, "GZIP" if is_gzip else "").batch(_BATCH)
    try:
        for batch in batches.as_numpy_iterator():
            yield from batch.tolist()
    except tf.errors.DataLossError as error:
        if is_gzip:
            _check_gzip(path)
        offset = re.search(r"record at (\d+)", error.message)
        raise DataError(
            path,
            expected="an intact TFRecord file",
            found="a damaged or cut record",
            fix=_FIX,
            offset=int(offset[1]) if offset else None,
        ) from None
    if is_gzip:
        # TensorFlow takes a cut gzip file for a shorter one where the cut is between two records.
        _check_gzip(path)


def _check_gzip(path: str) -> None:
    with ByteStream(path) as stream:
        while stream.read(_CHUNK_BYTES):
            pass
