"""Groups of classes that are taken for each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from modules.report.evidence.confusion_groups import ConfusionGroup, group_confused_classes

CONFUSIONS = st.integers(2, 12).flatmap(
    lambda k: arrays.arrays(np.int64, (k, k), elements=st.integers(0, 4))
)


def confusion(classes: int, errors: dict[tuple[int, int], int]) -> npt.NDArray[np.int64]:
    counts = np.diag(np.full(classes, 9))
    for place, count in errors.items():
        counts[place] = count
    return counts


def test_classes_without_confusions_are_in_no_group() -> None:
    assert group_confused_classes(confusion(5, {}), largest=3) == []


def test_confusions_count_in_either_direction_and_most_errors_come_first() -> None:
    counts = confusion(6, {(0, 5): 1, (2, 3): 2, (3, 2): 2})
    assert group_confused_classes(counts, largest=3) == [
        ConfusionGroup((2, 3), errors=4),
        ConfusionGroup((0, 5), errors=1),
    ]


def test_a_chain_is_cut_at_its_rarest_confusion() -> None:
    counts = confusion(4, {(0, 1): 3, (1, 2): 1, (2, 3): 3})
    assert [group.classes for group in group_confused_classes(counts, largest=3)] == [
        (0, 1),
        (2, 3),
    ]
    assert [group.classes for group in group_confused_classes(counts, largest=4)] == [(0, 1, 2, 3)]


@given(CONFUSIONS, st.integers(2, 5))
def test_groups_are_disjoint_small_and_count_their_own_errors(
    counts: npt.NDArray[np.int64], largest: int
) -> None:
    groups = group_confused_classes(counts, largest)
    members = [label for group in groups for label in group.classes]
    assert len(members) == len(set(members))
    wrong = counts - np.diag(counts.diagonal())
    for group in groups:
        assert 2 <= len(group.classes) <= largest
        assert group.errors == wrong[np.ix_(group.classes, group.classes)].sum() > 0
    assert sum(group.errors for group in groups) <= wrong.sum()
    # The most frequent confusion is always within a group.
    either_way = wrong + wrong.T
    if wrong.any():
        one, other = np.unravel_index(either_way.argmax(), either_way.shape)
        most = either_way.max()
        assert any(
            either_way[np.ix_(group.classes, group.classes)].max() == most for group in groups
        ), (one, other)
