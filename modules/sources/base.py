"""The contract of every image format: a source has splits, a split has shards of records."""

from __future__ import annotations

import abc
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from modules.core.errors import DataError
from modules.settings.base import Settings
from modules.sources.grouping import Grouping

RECORDS_PER_SHARD = 10_000
MAX_DEFAULT_SHARDS = 10_000  # beyond 100 million images they grow
MAX_SIDE = 65_535  # JPEG's limit; decoders of PNG refuse sides of millions
MAX_PIXELS = 64_000_000  # height x width; a bigger image is a mistake or a decompression bomb


Refuse = Callable[[DataError], None]
"""Hears of an image that cannot be used; reading goes on behind it unless this raises."""


def stop(error: DataError) -> None:
    """Stops at the first image that cannot be used."""
    raise error


class EvalDraw(NamedTuple):
    """How an eval split is drawn where the data have none.

    Args:
        share: Chance of an image, or a group of images, to be in it; between 0 and 1.
        seed: Chooses them.
    """

    share: float = 0.2
    seed: int = 0


DEFAULT_DRAW = EvalDraw()


class ImageRecord(NamedTuple):
    """One labelled image.

    Args:
        example_id: Unique in its source and stable, e.g. `train/00000042`.
        image: One encoded PNG or JPEG.
        label: Index into the class names.
        height: Pixels.
        width: Pixels.
        channels: 1 (grey) or 3 (colour).
        group: Name of the images that it belongs with; None if it stands for itself.
    """

    example_id: str
    image: bytes
    label: int
    height: int
    width: int
    channels: int
    group: str | None = None


class ImageShard(abc.ABC):
    """A part of one split that one worker reads; it can be pickled."""

    @abc.abstractmethod
    def read(self, refuse: Refuse = stop) -> Iterator[ImageRecord]:
        """Streams the shard's records, always in the same order.

        Args:
            refuse: Hears of each image that cannot be used, if the format can go on behind it.

        Raises:
            DataError: A record is not what the format promises.
        """

    def labels(self) -> Sequence[int] | None:
        """Lists the labels in the order of `read`; None where only the images tell them.

        Raises:
            DataError: The labels are not what the format promises.
        """
        return None

    def groups(self) -> Mapping[str, str]:
        """Lists the groups, each with the id of one of its images.

        There are none without groups, and where only the images tell them.

        Raises:
            DataError: An image has no group.
        """
        return {}

    def preview(self, rows: Collection[int], refuse: Refuse = stop) -> Iterator[ImageRecord]:
        """Reads a few records; a format may check them less strictly than `read` does.

        Args:
            rows: Places in the order of `read`, ascending.
            refuse: As for `read`.

        Raises:
            DataError: A record is not what the format promises.
        """
        last = max(rows, default=-1)
        wanted = frozenset(rows)
        for row, record in enumerate(itertools.islice(self.read(refuse), last + 1)):
            if row in wanted:
                yield record


class ImageSource(abc.ABC):
    """A folder of labelled images with the splits `train` and `eval`.

    Args:
        folder: Local folder, or a URI that TensorFlow's file systems know.
        classes: Class names in label order; None takes them from the data.
        label_offset: The first class's label in the data; the labels of records start at 0.
        draw: How to draw an eval split; formats that always have one ignore it.
        options: Of a format that is a plug-in: an instance of its `Options`.
        group: How the group of each image is found, as `Grouping` says; None for no groups.

    Raises:
        DataError: There is no such folder, `classes` is empty or holds a name twice, there is an
            offset and the data name their classes, or the format knows no such group.
    """

    split_patterns: ClassVar[Mapping[str, str]]
    """For each split, a glob pattern of its files below the folder."""
    carries_class_names: ClassVar[bool] = False
    """Whether the data name their classes; else they number them."""

    def __init__(
        self,
        folder: str,
        classes: Sequence[str] | None = None,
        label_offset: int = 0,
        draw: EvalDraw = DEFAULT_DRAW,
        options: Settings | None = None,
        group: str | None = None,
    ) -> None:
        if label_offset and self.carries_class_names:
            raise DataError(
                folder,
                expected="labels that are numbers, for label_offset",
                found="classes with names",
                fix="Leave label_offset out.",
            )
        self.folder = folder
        self.label_offset = label_offset
        self.draw = draw
        self.options = options
        self.grouping = None if group is None else Grouping(group)
        self.classes = None if classes is None else tuple(classes)
        if self.classes is not None and len(set(self.classes)) != max(len(self.classes), 1):
            raise DataError(
                folder,
                expected="at least one class name and none twice",
                found=f"classes {list(self.classes)}",
                fix="Correct the `classes` of this domain.",
            )

    @property
    def notes(self) -> Sequence[str]:
        """Says what was decided about the data that their owner should know, a sentence each."""
        return ()

    @property
    def group_hints(self) -> Sequence[str]:
        """Says what suggests that images belong together, a part of a sentence each.

        Raises:
            DataError: The data are not what the format promises.
        """
        return ()

    @property
    def refused(self) -> Sequence[str]:
        """Names files among the images that are none, with a message for each."""
        return ()

    @abc.abstractmethod
    def shards(self, split: str, num_shards: int | None = None) -> list[ImageShard]:
        """Divides a split into shards, after checking all but its images.

        Args:
            split: `train` or `eval`.
            num_shards: How many; None chooses by the number of records.

        Raises:
            DataError: Files are missing, cut short or contradict each other.
        """

    @abc.abstractmethod
    def class_names(self, labels: Mapping[str, Mapping[int, str]]) -> tuple[str, ...]:
        """Names the classes in label order.

        Args:
            labels: For each split, the labels that its shards hold, each with the id of its first
                example. Only formats that learn their labels by reading need it.

        Raises:
            DataError: The labels do not fit the class names or leave some of them empty.
        """


def shard_ranges(
    records: int, num_shards: int | None, most: int = MAX_DEFAULT_SHARDS
) -> list[tuple[int, int]]:
    """Cuts `records` into consecutive, nearly equal ranges, none of them empty.

    Without `num_shards` there is one for each 10,000 records, up to `most`.

    Example:
        >>> shard_ranges(10, 3)
        [(0, 3), (3, 6), (6, 10)]
    """
    count = num_shards or min(-(-records // RECORDS_PER_SHARD), most)
    count = min(count, records)
    return [(i * records // count, (i + 1) * records // count) for i in range(count)]
