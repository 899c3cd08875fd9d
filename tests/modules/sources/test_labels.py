"""Integer labels: which are accepted, and the names they give to classes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.sources.labels import (
    LabelProblem,
    find_label_problem,
    implied_class_names,
    natural_order,
)

_label_sets = st.sets(st.integers(-3, 12), min_size=1)


@given(train=_label_sets, evaluation=_label_sets)
def test_without_class_names_train_uses_each_label_from_0_and_eval_no_other(
    train: set[int], evaluation: set[int]
) -> None:
    valid = train == set(range(len(train))) and evaluation <= train
    problem = find_label_problem({"train": train, "eval": evaluation}, None)
    assert (problem is None) == valid


@given(train=_label_sets, evaluation=_label_sets, count=st.integers(1, 12))
def test_with_class_names_every_label_has_one(
    train: set[int], evaluation: set[int], count: int
) -> None:
    valid = (train | evaluation) <= set(range(count))
    problem = find_label_problem({"train": train, "eval": evaluation}, ["class"] * count)
    assert (problem is None) == valid


def test_problem_names_split_label_and_rule() -> None:
    problem = find_label_problem({"train": {0, 1}, "eval": {0, 200}}, ["a", "b"])
    assert problem == LabelProblem("eval", 200, "labels from 0 to 1, one for each class name")


def test_a_huge_label_costs_neither_time_nor_memory() -> None:
    problem = find_label_problem({"train": {0, 2**62}, "eval": {0}}, None)
    assert problem is not None
    assert problem.label == 2**62


def test_implied_names_are_the_labels_themselves() -> None:
    assert implied_class_names({2, 0, 1}) == ("0", "1", "2")


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["10", "9", "0"], ["0", "9", "10"]),
        (["b", "a10", "a9"], ["a10", "a9", "b"]),
        (["10", "9", "ten"], ["10", "9", "ten"]),
        (["1", "01", "0"], ["0", "01", "1"]),
    ],
)
def test_whole_numbers_sort_by_value_and_other_names_as_text(
    names: list[str], ordered: list[str]
) -> None:
    assert natural_order(names) == ordered
