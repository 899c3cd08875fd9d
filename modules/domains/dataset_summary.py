"""Describes a folder of labelled images by reading a bounded part of it."""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.domains.description import DomainDescription, SplitDescription
from modules.domains.duplicates.signatures import SignatureCollector, Signatures
from modules.sources.base import DEFAULT_DRAW, EvalDraw, ImageRecord, ImageShard, ImageSource
from modules.sources.encoded import ImageShape
from modules.sources.formats import open_source
from modules.sources.grouping import refuse_shared_groups
from modules.sources.labels import implied_class_names, rename_classes

_MOST_BAD_IMAGES = 20


@dataclass(frozen=True)
class ReadingLimits:
    """How much of each split is read.

    Args:
        images: Most images to decode; `math.inf` for all.
        pixels: Pixels after which no further image is decoded; `math.inf` for no limit.
        samples: Images of each class to keep for a contact sheet.
        signatures: Whether to sign what is read, for a search for copies.
    """

    images: float = 5000
    pixels: float = 100_000_000
    samples: int = 0
    signatures: bool = False


@dataclass(frozen=True)
class SplitSummary(SplitDescription):
    """What was found in one split of a folder.

    Args:
        images_read: How many images were read, sound or not.
        shapes: How many of the sound ones have which shape.
        samples: Encoded images by label.
        groups: The groups that were seen, each with the id of one of its images.
        signatures: Those of the sound images that were read; None where they were not asked for.
    """

    images_read: int
    shapes: Mapping[ImageShape, int]
    samples: Mapping[int, Sequence[bytes]]
    groups: Mapping[str, str]
    signatures: Signatures | None = None

    @property
    def is_read(self) -> bool:
        """Whether all images were read."""
        return self.is_counted and self.images_read == self.examples


@dataclass(frozen=True)
class DatasetSummary(DomainDescription):
    """What was found in a domain's folder, which is its `place`.

    Args:
        format: How the folder is laid out.
        splits: The splits that could be opened.
        problems: What stops a run on this folder, one message each.
        bad_images: What is wrong with each file that cannot be read as an image.
        notes: What was decided about the splits, a sentence each.
        group_hints: What suggests that images belong together, a part of a sentence each.
    """

    format: str
    splits: Mapping[str, SplitSummary]
    problems: tuple[str, ...]
    bad_images: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    group_hints: tuple[str, ...] = ()

    @property
    def is_signed(self) -> bool:
        """Whether copies can be searched for among the images that were read."""
        return all(split.signatures is not None for split in self.splits.values())

    @property
    def images(self) -> int:
        """How many images there are at least, sound or not, whether they were read or not.

        A share of bad images that is based on it is never too large.
        """
        return sum(split.examples for split in self.splits.values()) + len(self.bad_images)


def summarize_dataset(
    format: str,
    folder: str,
    classes: Sequence[str] | None = None,
    limits: ReadingLimits = ReadingLimits(),
    class_map: Mapping[str, str] | None = None,
    label_offset: int = 0,
    draw: EvalDraw = DEFAULT_DRAW,
    options: Mapping[str, Any] | None = None,
    group: str | None = None,
) -> DatasetSummary:
    """Reads a bounded part of a folder of labelled images.

    Every image of IDX files and image folders is counted. TFRecord files are read from their
    start: beyond the limits nothing is known.

    Args:
        format, folder, classes, label_offset, draw, options, group: As for
            `modules.sources.formats.open_source`.
        limits: How much is read.
        class_map: Other names for classes, as for `modules.sources.labels.rename_classes`.

    Returns:
        The summary; what is wrong with the data is in its `problems`.

    Example:
        >>> summary = summarize_dataset("idx", "data/optdigits")
        >>> summary.splits["train"].examples, summary.splits["train"].shapes
        (898, {ImageShape(height=8, width=8, channels=1): 898})
    """
    problems: list[str] = []
    bad_images: list[str] = []
    splits: dict[str, SplitSummary] = {}
    names = tuple(classes or ())
    first_ids: dict[str, dict[int, str]] = {}
    try:
        source = open_source(format, folder, classes, label_offset, draw, options, group)
    except DataError as error:
        return DatasetSummary(folder, names, {}, format, (str(error),))
    for split in (TRAIN_SPLIT, EVAL_SPLIT):
        tally = _Tally(limits, bad_images)
        try:
            is_counted = _read_split(source.shards(split), tally)
        except DataError as error:
            problems.append(str(error))
            continue
        first_ids[split] = tally.first_ids
        splits[split] = tally.summary(is_counted)
    if TRAIN_SPLIT in splits:
        try:
            names = rename_classes(_class_names(source, splits, first_ids), class_map or {}, folder)
        except DataError as error:
            problems.append(str(error))
    hints: Sequence[str] = ()
    try:
        refuse_shared_groups(folder, {name: split.groups for name, split in splits.items()})
        hints = source.group_hints if splits else ()
    except DataError as error:
        problems.append(str(error))
    # A source that needs both splits says the same of each.
    problems = list(dict.fromkeys(problems))
    if splits:
        bad_images = [*source.refused, *bad_images]
    notes = tuple(source.notes) if splits else ()
    return DatasetSummary(
        folder,
        names,
        splits,
        format,
        tuple(problems),
        tuple(bad_images),
        notes,
        tuple(hints),
    )


@dataclass
class _Tally:
    """What has been read of a split so far."""

    limits: ReadingLimits
    bad_images: list[str]
    counts: Counter[int] = field(default_factory=Counter)
    first_ids: dict[int, str] = field(default_factory=dict)
    shapes: Counter[ImageShape] = field(default_factory=Counter)
    samples: dict[int, list[bytes]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    images: int = 0
    pixels: int = 0
    signatures: SignatureCollector = field(default_factory=SignatureCollector)

    @property
    def is_full(self) -> bool:
        return (
            self.images >= self.limits.images
            or self.pixels >= self.limits.pixels
            or len(self.bad_images) >= _MOST_BAD_IMAGES
        )

    def add(self, record: ImageRecord) -> None:
        self.images += 1
        self.pixels += record.height * record.width
        self.shapes[ImageShape(record.height, record.width, record.channels)] += 1
        self.first_ids.setdefault(record.label, record.example_id)
        if record.group is not None:
            self.groups.setdefault(record.group, record.example_id)
        samples = self.samples.setdefault(record.label, [])
        if len(samples) < self.limits.samples:
            samples.append(record.image)
        if self.limits.signatures:
            self.signatures.add(record.image, record.label, record.example_id)

    def refuse(self, error: DataError) -> None:
        self.images += 1
        self.bad_images.append(str(error))

    def summary(self, is_counted: bool) -> SplitSummary:
        channels: Counter[int] = Counter()
        for shape, images in self.shapes.items():
            channels[shape.channels] += images
        return SplitSummary(
            examples=sum(self.counts.values()),
            counts=dict(sorted(self.counts.items())),
            is_counted=is_counted,
            channels=channels,
            images_read=self.images,
            shapes=dict(self.shapes.most_common()),
            samples=self.samples,
            groups=self.groups,
            signatures=self.signatures.finish() if self.limits.signatures else None,
        )


def _read_split(shards: Sequence[ImageShard], tally: _Tally) -> bool:
    """Fills the tally; returns whether every image was counted."""
    labels = [shard.labels() for shard in shards]
    for shard in shards:
        tally.groups.update(shard.groups())
    if None in labels:
        return _read_from_the_start(shards, tally)
    sampled: list[tuple[int, int]] = []
    others: list[tuple[int, int]] = []
    for number, shard_labels in enumerate(labels):
        for row, label in enumerate(shard_labels or ()):
            is_sample = tally.counts[label] < tally.limits.samples
            tally.counts[label] += 1
            (sampled if is_sample else others).append((number, row))
    # Samples first: the limits must not leave a rare class without a picture.
    for places in (sampled, others):
        for number, of_shard in itertools.groupby(places, key=operator.itemgetter(0)):
            _read_rows(shards[number], [row for _, row in of_shard], tally)
    return True


def _read_from_the_start(shards: Sequence[ImageShard], tally: _Tally) -> bool:
    for shard in shards:
        for record in shard.read(tally.refuse):
            if tally.is_full:
                return False
            tally.counts[record.label] += 1
            tally.add(record)
    return True


def _read_rows(shard: ImageShard, rows: list[int], tally: _Tally) -> None:
    if tally.is_full:
        return
    for record in shard.preview(rows, tally.refuse):
        tally.add(record)
        if tally.is_full:
            return


def _class_names(
    source: ImageSource,
    splits: Mapping[str, SplitSummary],
    first_ids: Mapping[str, Mapping[int, str]],
) -> tuple[str, ...]:
    if source.classes or all(split.is_counted for split in splits.values()):
        return source.class_names(first_ids)
    # Labels that were not read yet may fill a gap.
    labels = [label for found in first_ids.values() for label in found]
    return implied_class_names(labels, source.label_offset)
