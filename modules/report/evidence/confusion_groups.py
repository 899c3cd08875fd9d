"""Groups of classes that a model takes for each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ConfusionGroup:
    """Classes that are taken for each other.

    Attributes:
        classes: Two or more labels, ascending.
        errors: Wrong answers whose true and predicted class are both in the group.
    """

    classes: tuple[int, ...]
    errors: int


def group_confused_classes(confusion: npt.NDArray[np.int64], largest: int) -> list[ConfusionGroup]:
    """Joins the classes that are confused most, pair by pair.

    This is single-linkage clustering by the number of confusions in either direction, except that
    two groups stay apart where together they would be larger than `largest`: a chain of rare
    confusions would otherwise join nearly all classes.

    Args:
        confusion: Counts by true (row) and predicted class (column), int64 [K, K].
        largest: Most classes of a group, at least two.

    Returns:
        Groups without common classes, most errors first. A class that is in none of them is
        confused with none, or only with classes of full groups.

    Example:
        >>> group_confused_classes(np.array([[9, 1, 0], [0, 9, 0], [0, 0, 9]]), largest=2)
        [ConfusionGroup(classes=(0, 1), errors=1)]
    """
    group_of = {label: [label] for label in range(len(confusion))}
    for one, other in _confused_pairs(confusion):
        first, second = group_of[one], group_of[other]
        if first is not second and len(first) + len(second) <= largest:
            first.extend(second)
            group_of.update(dict.fromkeys(second, first))
    groups = {min(members): tuple(sorted(members)) for members in group_of.values()}
    found = [
        ConfusionGroup(members, _errors_within(confusion, members))
        for members in groups.values()
        if len(members) > 1
    ]
    return sorted(found, key=lambda group: (-group.errors, group.classes))


def _confused_pairs(confusion: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Returns pairs of classes with confusions, most first, the lower label before the higher."""
    either_way = np.triu(confusion + confusion.T, k=1)
    ones, others = np.nonzero(either_way)
    order = np.argsort(-either_way[ones, others], kind="stable")
    return list(zip(ones[order].tolist(), others[order].tolist(), strict=True))


def _errors_within(confusion: npt.NDArray[np.int64], members: tuple[int, ...]) -> int:
    block = confusion[np.ix_(members, members)]
    return int(block.sum() - block.trace())
