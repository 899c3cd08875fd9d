"""Groups of images that are copies of each other, and what is wrong with each group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.wording import display_name
from modules.domains.duplicates.signatures import Signatures


class Copy(NamedTuple):
    """One image of a group.

    Attributes:
        row: Which of the signed images it is.
        domain: Its domain, where there are two; else empty.
        class_name: Its class.
        pixels: Hash of its pixels.
    """

    row: int
    domain: str
    split: str
    example_id: str
    class_name: str
    pixels: int

    def __str__(self) -> str:
        place = f"{self.domain}, {self.split}" if self.domain else self.split
        return f"{display_name(self.example_id)} ({place}, class '{display_name(self.class_name)}')"


@dataclass(frozen=True)
class CopyGroup:
    """Two or more images that show the same, in the order of their rows."""

    copies: tuple[Copy, ...]

    def of_split(self, split: str) -> list[Copy]:
        """Those of a split."""
        return [copy for copy in self.copies if copy.split == split]

    @property
    def crosses_splits(self) -> bool:
        """Whether some of them are trained on and others are evaluated."""
        return bool(self.of_split(TRAIN_SPLIT) and self.of_split(EVAL_SPLIT))

    @property
    def has_one_class(self) -> bool:
        """Whether they are labelled as one class."""
        return len({copy.class_name for copy in self.copies}) == 1

    def sentences(self) -> Iterator[str]:
        """Names each evaluated image with one that is trained on, and images of other classes."""
        first = next(iter([*self.of_split(TRAIN_SPLIT), *self.copies]))
        for copy in self.copies:
            if copy.split != first.split or copy.class_name != first.class_name:
                yield copy_sentence(copy, first)


def copy_sentence(copy: Copy, original: Copy) -> str:
    """Says that an image is a copy of another one."""
    kind = "an exact copy" if copy.pixels == original.pixels else "a near copy"
    return f"{copy} is {kind} of {original}"


def group_copies(
    signatures: Signatures,
    pairs: npt.NDArray[np.int64],
    splits: Sequence[str],
    class_names: Sequence[Sequence[str]],
    domains: Sequence[str] = ("",),
    domain_of: Sequence[int] | None = None,
) -> list[CopyGroup]:
    """Joins pairs that share an image.

    Args:
        signatures: N images.
        pairs: int64 [P, 2], rows of copies.
        splits: The N images' splits.
        class_names: For each domain, its classes in label order.
        domains: Names of the domains.
        domain_of: The N images' domains; None for one domain.

    Returns:
        Groups in the order of their first rows.
    """
    rows = np.unique(pairs)
    if not len(rows):
        return []
    ends = np.searchsorted(rows, pairs)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(rows),) * 2)
    _, components = connected_components(graph, directed=False)
    members: dict[int, list[Copy]] = {}
    for row, component in zip(rows.tolist(), components.tolist(), strict=True):
        domain = 0 if domain_of is None else domain_of[row]
        members.setdefault(component, []).append(
            Copy(
                row,
                domains[domain],
                splits[row],
                signatures.example_ids[row].decode(),
                _class_name(class_names[domain], int(signatures.labels[row])),
                int(signatures.pixels[row]),
            )
        )
    return [CopyGroup(tuple(copies)) for copies in members.values()]


def _class_name(names: Sequence[str], label: int) -> str:
    # A look at a part of the data may not know all classes.
    return names[label] if label < len(names) else str(label)
