"""IDX files, MNIST's format: an images file and a labels file for each split, zipped or not.

Reference: http://yann.lecun.com/exdb/mnist/, "the IDX file format".
"""

from __future__ import annotations

import functools
import math
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.sources.base import (
    DEFAULT_DRAW,
    MAX_DEFAULT_SHARDS,
    MAX_PIXELS,
    EvalDraw,
    ImageRecord,
    ImageShard,
    ImageSource,
    Refuse,
    shard_ranges,
    stop,
)
from modules.sources.class_names_file import read_class_names_file
from modules.sources.files import ByteStream, check_stays_inside, list_folder
from modules.sources.idx_format import IDX_TYPES, IdxHeader
from modules.sources.labels import check_labels, implied_class_names
from modules.sources.png import encode_pngs

_PREFIXES = {TRAIN_SPLIT: "train-", EVAL_SPLIT: "t10k-"}
_BLOCK_BYTES = 4 << 20
# A zipped file has no index: each shard unzips it from the start, so many shards cost time.
_MAX_ZIPPED_SHARDS = 16
# Type codes and numbers of dimensions.
_IMAGES = ((0x08,), (3, 4))
_LABELS = (tuple(IDX_TYPES), (1,))


@dataclass(frozen=True)
class IdxShard(ImageShard):
    """The records from `begin` up to `end` of a pair of IDX files.

    Args:
        images_path: File of uint8 [N, height, width] or [N, height, width, channels].
        labels_path: File of integers [N].
        label_offset: The first class's label there.
    """

    split: str
    images_path: str
    labels_path: str
    begin: int
    end: int
    label_offset: int = 0

    def read(self, refuse: Refuse = stop) -> Iterator[ImageRecord]:
        """Streams the records; their pixels become PNG."""
        index = self.begin
        with ByteStream(self.images_path) as images, ByteStream(self.labels_path) as labels:
            header = read_header(images, *_IMAGES)
            label_header = read_header(labels, *_LABELS)
            images.skip(self.begin * header.record_bytes)
            labels.skip(self.begin * label_header.record_bytes)
            _, height, width, channels = (*header.shape, 1)[:4]
            while index < self.end:
                count = min(self.end - index, max(1, _BLOCK_BYTES // header.record_bytes))
                pixels = read_records(images, header, count, "images").astype(np.uint8, copy=False)
                numbers = self._read_labels(labels, label_header, count)
                for label, png in zip(numbers, encode_pngs(pixels), strict=True):
                    example_id = f"{self.split}/{index:08d}"
                    yield ImageRecord(example_id, png, label, height, width, channels)
                    index += 1

    def labels(self) -> list[int]:
        """Reads the labels file alone."""
        with ByteStream(self.labels_path) as stream:
            header = read_header(stream, *_LABELS)
            stream.skip(self.begin * header.record_bytes)
            return self._read_labels(stream, header, self.end - self.begin)

    def _read_labels(self, stream: ByteStream, header: IdxHeader, count: int) -> list[int]:
        numbers = read_records(stream, header, count, "labels").tolist()
        return [int(number) - self.label_offset for number in numbers]


class IdxSource(ImageSource):
    """A folder with `train-images*`, `train-labels*`, `t10k-images*` and `t10k-labels*`.

    A file `classes.txt` beside them names the classes unless `classes` does. Without either they
    are called "0" up to the highest label.
    """

    split_patterns = {split: f"{prefix}*" for split, prefix in _PREFIXES.items()}

    def __init__(
        self,
        folder: str,
        classes: Sequence[str] | None = None,
        label_offset: int = 0,
        draw: EvalDraw = DEFAULT_DRAW,
    ) -> None:
        self._names = list_folder(folder)
        if classes is None:
            classes = read_class_names_file(folder, self._names)
        super().__init__(folder, classes, label_offset, draw)

    def shards(self, split: str, num_shards: int | None = None) -> list[ImageShard]:
        """Divides a split, after reading both files once in full to check sizes and labels."""
        self._check_labels()
        images_path = self._find(split, "images")
        labels_path = self._find(split, "labels")
        with ByteStream(images_path) as images:
            header = read_header(images, *_IMAGES)
            _check_image_shape(images_path, header)
            with ByteStream(labels_path) as labels:
                num_labels = read_header(labels, *_LABELS).records
            if header.records != num_labels:
                raise DataError(
                    images_path,
                    expected=f"{num_labels} images, one for each label of {labels_path}",
                    found=f"{header.records} images",
                    fix="Take both files from the same data set.",
                    offset=4,
                )
            _check_size(images, header)
            most = _MAX_ZIPPED_SHARDS if images.is_gzip else MAX_DEFAULT_SHARDS
        ranges = shard_ranges(header.records, num_shards, most)
        return [
            IdxShard(split, images_path, labels_path, begin, end, self.label_offset)
            for begin, end in ranges
        ]

    def class_names(self, labels: Mapping[str, Mapping[int, str]]) -> tuple[str, ...]:
        """Names the classes: as given, as in `classes.txt`, or "0" up to the highest label."""
        self._check_labels()
        return self.classes or implied_class_names(
            self._label_offsets[TRAIN_SPLIT], self.label_offset
        )

    def _check_labels(self) -> None:
        offsets = self._label_offsets
        check_labels(
            offsets,
            self.classes,
            lambda split, label: (self._find(split, "labels"), offsets[split][label]),
            self.label_offset,
        )

    @functools.cached_property
    def _label_offsets(self) -> dict[str, dict[int, int]]:
        return {
            split: {
                label - self.label_offset: offset
                for label, offset in _first_offsets(self._find(split, "labels")).items()
            }
            for split in _PREFIXES
        }

    def _find(self, split: str, content: str) -> str:
        prefix = f"{_PREFIXES[split]}{content}"
        found = [name for name in self._names if name.startswith(prefix)]
        if len(found) != 1:
            raise DataError(
                self.folder,
                expected=f"one file {prefix}* (IDX, .gz or not)",
                found=" and ".join(found) or "none",
                fix="Add the missing file." if not found else "Keep only one of them.",
            )
        path = os.path.join(self.folder, found[0])
        check_stays_inside(path, self.folder)
        return path


def read_header(stream: ByteStream, types: Sequence[int], dimensions: Sequence[int]) -> IdxHeader:
    """Reads the header of an IDX file, and checks its type code and number of dimensions.

    Raises:
        DataError: Another magic number, or no records.
    """
    magic = stream.read_exactly(4, "the magic number")
    zero, code, ndim = struct.unpack(">HBB", magic)
    if zero or code not in types or ndim not in dimensions:
        accepted = " or ".join(f"{code << 8 | ndim:#x}" for code in types for ndim in dimensions)
        raise DataError(
            stream.path,
            expected=f"IDX magic number {accepted}",
            found=f"{int.from_bytes(magic, 'big'):#x}",
            fix="Pass the right IDX file.",
            offset=0,
        )
    shape = struct.unpack(f">{ndim}I", stream.read_exactly(4 * ndim, "dimensions"))
    if 0 in shape:
        raise DataError(
            stream.path,
            expected="dimensions above 0",
            found=f"{list(shape)}",
            fix="Pass a file that holds records.",
            offset=4,
        )
    return IdxHeader(IDX_TYPES[code], shape)


def read_records(
    stream: ByteStream, header: IdxHeader, count: int, what: str
) -> npt.NDArray[np.integer]:
    """Reads the next `count` records, as an array [count, *record shape]."""
    data = stream.read_exactly(count * header.record_bytes, what)
    return np.frombuffer(data, header.dtype).reshape(count, *header.shape[1:])


def _check_image_shape(path: str, header: IdxHeader) -> None:
    pixels = math.prod(header.shape[1:3])
    if pixels > MAX_PIXELS or header.shape[3:] not in ((), (1,), (3,)):
        raise DataError(
            path,
            expected=f"images of up to {MAX_PIXELS} pixels with 1 or 3 channels",
            found=f"dimensions {list(header.shape)}",
            fix="Correct the file, or convert the images.",
            offset=4,
        )


def _check_size(stream: ByteStream, header: IdxHeader) -> None:
    # A header may claim terabytes: nothing is kept while the file is measured.
    found = stream.position + stream.skip(header.file_bytes - stream.position)
    if found < header.file_bytes or stream.read(1):
        raise DataError(
            stream.path,
            expected=f"{header.file_bytes} bytes, as its header says",
            found=f"its end after {found}" if found < header.file_bytes else "more bytes",
            fix="Copy or download the file again.",
            offset=found,
        )


def _first_offsets(path: str) -> dict[int, int]:
    """Finds where each distinct label of a file stands first, in bytes."""
    with ByteStream(path) as stream:
        _check_size(stream, read_header(stream, *_LABELS))
    offsets: dict[int, int] = {}
    with ByteStream(path) as stream:
        header = read_header(stream, *_LABELS)
        for begin in range(0, header.records, _BLOCK_BYTES):
            position = stream.position
            count = min(_BLOCK_BYTES, header.records - begin)
            block = read_records(stream, header, count, "labels")
            labels, first = np.unique(block, return_index=True)
            for label, index in zip(labels.tolist(), first.tolist(), strict=True):
                offsets.setdefault(label, position + index * header.record_bytes)
    return offsets
