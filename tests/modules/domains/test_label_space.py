"""Classes are matched by name, whatever their order."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.domains.label_space import (
    EQUAL_CLASSES,
    KNOWN_CLASSES,
    LabelSpace,
    describe_classes,
    likely_class_map,
)

NAMES = st.lists(st.sampled_from(["10", "9", "a", "B", "ß", "ab"]), min_size=1, unique=True)


@pytest.mark.parametrize(
    ("target", "relation"),
    [
        ("abc", "same"),
        ("cab", "permuted"),
        ("ca", "subset"),
        ("dcba", "superset"),
        ("bd", "overlapping"),
        ("de", "disjoint"),
    ],
)
def test_relations(target: str, relation: str) -> None:
    assert LabelSpace(tuple("abc"), tuple(target)).relation == relation


@given(NAMES, NAMES)
def test_the_sources_classes_come_first_and_every_class_once(
    source: list[str], target: list[str]
) -> None:
    space = LabelSpace.of(source, target)
    assert space.classes[: len(source)] == tuple(source)
    assert sorted(space.classes) == sorted({*source, *target})
    assert [space.classes[row] for row in space.target_rows] == target
    assert set(space.shared) | set(space.new) == set(target)
    assert set(space.shared) | set(space.unused) == set(source)
    assert (space.relation in KNOWN_CLASSES) == (set(target) <= set(source))
    assert (space.relation in EQUAL_CLASSES) == (set(target) == set(source))


@given(NAMES, NAMES, st.randoms(use_true_random=False))
def test_the_order_of_the_targets_classes_does_not_reach_the_training(
    source: list[str], target: list[str], random: Random
) -> None:
    shuffled = random.sample(target, len(target))
    one, other = LabelSpace.of(source, target), LabelSpace.of(source, shuffled)
    assert one.classes == other.classes
    assert one.trained_target == other.trained_target
    assert LabelSpace.of_target(target).classes == LabelSpace.of_target(shuffled).classes


def test_the_same_classes_are_trained_on_as_they_are() -> None:
    names = tuple(str(digit) for digit in range(12))
    assert LabelSpace(names, names).target_rows.tolist() == list(range(12))
    assert LabelSpace.of_target(names).target_rows.tolist() == list(range(12))


def test_wording() -> None:
    assert describe_classes(LabelSpace(("a", "b"), ("b", "a"))) == (
        "both domains have the same 2 classes, in another order"
    )
    assert describe_classes(LabelSpace(("a",), ("b",))) == (
        "classes: 0 shared; 1 new in the target: b; 1 of the source alone: a"
    )


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (["cat", "dog"], ["Cat", " dog "], {"Cat": "cat", " dog ": "dog"}),
        (["cat", "dog"], ["cat", "Dog"], {"Dog": "dog"}),
        (["1", "10"], ["digit_1", "digit_10"], {"digit_1": "1", "digit_10": "10"}),
        (["A", "B"], ["letter_A", "other"], {}),
        (["A", "B"], ["A", "B"], {}),
        (["A", "B"], ["C", "D"], {}),
    ],
)
def test_names_that_differ_only_in_spelling_are_found(
    source: list[str], target: list[str], expected: dict[str, str]
) -> None:
    assert likely_class_map(source, target) == expected


@given(NAMES, NAMES)
def test_a_likely_map_names_each_class_once(source: list[str], target: list[str]) -> None:
    found = likely_class_map(source, target)
    assert set(found) <= set(target) - set(source)
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= set(source) - set(target)
