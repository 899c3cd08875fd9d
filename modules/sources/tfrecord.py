"""TFRecord files of tf.train.Examples with the features `image` and `label`."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, IMAGE, LABEL, TRAIN_SPLIT
from modules.sources.base import ImageRecord, ImageShard, ImageSource, Refuse, stop
from modules.sources.detection import TFRECORD_SUFFIXES
from modules.sources.encoded import MAX_ENCODED_BYTES, read_encoded_image
from modules.sources.files import ByteStream, check_stays_inside, list_folder
from modules.sources.grouping import Grouping, group_like
from modules.sources.labels import check_labels, implied_class_names

_BATCH = 32  # Records that TensorFlow hands over at once, fewer where they are long.
_BATCH_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 20
_LENGTH = struct.Struct("<Q")
_FRAME_BYTES = 16  # Length, its checksum, and the checksum of the record.
_MAX_RECORD_BYTES = MAX_ENCODED_BYTES + (1 << 20)  # An image, and what is said about it.
_FIX = "Write the file again."


@dataclass(frozen=True)
class TFRecordShard(ImageShard):
    """One TFRecord file, gzip where its name ends in `.gz`.

    Args:
        index: Its number among the split's files.
        num_classes: Labels must be below it; None where the labels define the classes.
        label_offset: The first class's label in the file.
    """

    split: str
    path: str
    index: int
    num_classes: int | None
    label_offset: int = 0
    grouping: Grouping | None = None

    def read(self, refuse: Refuse = stop) -> Iterator[ImageRecord]:
        """Streams the records; leaves out their other features."""
        for number, serialized in enumerate(_read_records(self.path)):
            record = f"record {number}"
            image, label, group = self._parse(serialized, record)
            example_id = f"{self.split}/{self.index:05d}-{number:08d}"
            if self.grouping and self.grouping.is_pattern:
                group = self.grouping.group_of(example_id, f"{self.path}, {record}")
            try:
                stored = read_encoded_image(image, self.path, record)
            except DataError as error:
                refuse(error)
                continue
            yield ImageRecord(example_id, stored.content, label, *stored.shape, group)

    def _parse(self, serialized: bytes, record: str) -> tuple[bytes, int, str | None]:
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
        label = labels[0] - self.label_offset
        if label < 0 or (self.num_classes is not None and label >= self.num_classes):
            first = self.label_offset
            last = "" if self.num_classes is None else f" to {self.num_classes - 1 + first}"
            raise self._broken(record, f"a label from {first}{last}", f"label {labels[0]}")
        return images[0], label, self._group_feature(features, names, record)

    def _group_feature(
        self, features: Mapping[str, Any], names: Sequence[str], record: str
    ) -> str | None:
        """Reads the feature that `group` names, text or a whole number."""
        if self.grouping is None or self.grouping.is_pattern:
            return None
        feature = features[self.grouping.setting]
        values = [
            *(value.decode("utf-8", "backslashreplace") for value in feature.bytes_list.value),
            *(str(value) for value in feature.int64_list.value),
        ]
        if len(values) != 1 or not values[0]:
            raise self._broken(
                record,
                f"one value in '{self.grouping.setting}' (bytes or int64), the domain's `group`",
                f"{len(values)} in features {names}",
            )
        return values[0]

    def _broken(self, record: str, expected: str, found: str) -> DataError:
        return DataError(f"{self.path}, {record}", expected=expected, found=found, fix=_FIX)


class TFRecordSource(ImageSource):
    """A folder with `train*` and `eval*` files that end in `.tfrecord` or `.tfrecord.gz`.

    Without class names the classes are called "0" up to the highest label.
    """

    split_patterns = {split: f"{split}*.tfrecord*" for split in (TRAIN_SPLIT, EVAL_SPLIT)}

    def shards(self, split: str, num_shards: int | None = None) -> list[ImageShard]:
        """Takes each file as one shard, since a file can only be read from its start."""
        limit = None if self.classes is None else len(self.classes)
        return [
            TFRecordShard(split, path, index, limit, self.label_offset, self.grouping)
            for index, path in enumerate(self._files(split))
        ]

    def _files(self, split: str) -> list[str]:
        names = [
            name
            for name in list_folder(self.folder)
            if name.startswith(split) and name.endswith(TFRECORD_SUFFIXES)
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
        return paths

    @property
    def group_hints(self) -> Sequence[str]:
        """Looks at the features of the first example."""
        if self.grouping:
            return []
        (first, *_) = self._files(TRAIN_SPLIT)
        names = _first_features(first)
        return [f"a feature '{name}' of the tf.Examples" for name in group_like(names)]

    def class_names(self, labels: Mapping[str, Mapping[int, str]]) -> tuple[str, ...]:
        """Names the classes: as given, or "0" up to the highest label that was read."""
        for split, found in labels.items():
            if not found:
                raise DataError(
                    self.folder, expected=f"records in {split}*", found="none", fix=_FIX
                )
        check_labels(
            labels,
            self.classes,
            lambda split, label: (f"{self.folder}, example {labels[split][label]}", None),
            self.label_offset,
        )
        return self.classes or implied_class_names(labels[TRAIN_SPLIT], self.label_offset)


def _first_features(path: str) -> list[str]:
    """Names the features of a file's first example; none if it is damaged, which reading tells."""
    import tensorflow as tf

    with ByteStream(path, may_be_zipped=path.endswith(".gz")) as stream:
        (length,) = _LENGTH.unpack(stream.read(_LENGTH.size).ljust(_LENGTH.size, b"\0"))
        stream.skip(_FRAME_BYTES - _LENGTH.size - 4)
        record = stream.read(min(length, _MAX_RECORD_BYTES))
    try:
        return sorted(tf.train.Example.FromString(record).features.feature)
    except DecodeError:
        return []


def _read_records(path: str) -> Iterator[bytes]:
    import tensorflow as tf

    from modules.sources.untuned_dataset import untuned

    is_gzip = path.endswith(".gz")
    with ByteStream(path, may_be_zipped=is_gzip) as stream:
        longest = max(_record_lengths(stream), default=0)
    batch = max(1, min(_BATCH, _BATCH_BYTES // max(longest, 1)))
    batches = tf.data.TFRecordDataset(path, "GZIP" if is_gzip else "").batch(batch)
    try:
        for records in untuned(batches).as_numpy_iterator():
            yield from records.tolist()
    except tf.errors.DataLossError as error:
        offset = re.search(r"record at (\d+)", error.message)
        raise DataError(
            path,
            expected="an intact TFRecord file",
            found="a damaged or cut record",
            fix=_FIX,
            offset=int(offset[1]) if offset else None,
        ) from None


def _record_lengths(stream: ByteStream) -> Iterator[int]:
    """Reads a file to its end, and refuses a record that claims to be huge.

    TensorFlow believes the length in front of a record, and takes as much memory before it reads
    it: the process ends where there is not that much. It also takes a zipped file that was cut
    between two records for a shorter one; reading to the end finds the cut.
    """
    data = b""
    begin = 0  # of the data, in the file
    record = 0  # where the next record begins, in the file
    while chunk := stream.read(_CHUNK_BYTES):
        data += chunk
        while record + _LENGTH.size <= begin + len(data):
            (length,) = _LENGTH.unpack_from(data, record - begin)
            if length > _MAX_RECORD_BYTES:
                raise DataError(
                    stream.path,
                    expected=f"records of up to {_MAX_RECORD_BYTES} bytes",
                    found=f"one of {length} bytes",
                    fix=_FIX,
                    offset=record,
                )
            yield length
            record += length + _FRAME_BYTES
        kept = min(record - begin, len(data))
        begin += kept
        data = data[kept:]
