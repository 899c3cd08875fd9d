"""Integer labels: which are accepted, and the names they give to classes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import DataError
from modules.sources.labels import (
    check_labels,
    implied_class_names,
    natural_order,
    rename_classes,
)


def problem_in(
    train: set[int], evaluation: set[int], classes: Sequence[str] | None = None
) -> str | None:
    """The message about the first bad label, or None."""
    try:
        check_labels(
            {"train": train, "eval": evaluation}, classes, lambda split, label: (split, 8 + label)
        )
    except DataError as error:
        return str(error)
    return None


_label_sets = st.sets(st.integers(-3, 12), min_size=1)


@given(train=_label_sets, evaluation=_label_sets)
def test_without_class_names_train_uses_each_label_from_0_and_eval_no_other(
    train: set[int], evaluation: set[int]
) -> None:
    valid = train == set(range(len(train))) and evaluation <= train
    assert (problem_in(train, evaluation) is None) == valid


@given(train=_label_sets, evaluation=_label_sets, count=st.integers(1, 12))
def test_with_class_names_every_label_has_one(
    train: set[int], evaluation: set[int], count: int
) -> None:
    valid = (train | evaluation) <= set(range(count))
    assert (problem_in(train, evaluation, ["class"] * count) is None) == valid


def test_problem_names_place_label_rule_and_fix() -> None:
    assert problem_in({0, 1}, {0, 200}, ["a", "b"]) == (
        "eval (byte 208): expected labels from 0 to 1, one for each class name, found label 200. "
        "Correct the file, or list all `classes` of this domain."
    )


def test_a_huge_label_costs_neither_time_nor_memory() -> None:
    assert f"found label {2**62}" in str(problem_in({0, 2**62}, {0}))


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


@pytest.mark.parametrize("classes", [None, ["a", "b"]])
def test_labels_that_start_at_1_say_what_to_set(classes: Sequence[str] | None) -> None:
    assert str(problem_in({1, 2}, {1}, classes)).endswith(
        "If the labels start at 1, set this domain's `label_offset` to 1."
    )


def test_implied_names_are_the_labels_of_the_data() -> None:
    assert implied_class_names({2, 0, 1}, label_offset=1) == ("1", "2", "3")


def test_an_offset_shows_in_messages() -> None:
    with pytest.raises(DataError, match=r"labels from 1 to 2, one for each class.*found label 3"):
        check_labels({"train": {0, 2}}, ["a", "b"], lambda *_: ("file", None), label_offset=1)


def test_renaming_keeps_the_order_and_other_names() -> None:
    names = ["letter_A", "letter_B", "c"]
    assert rename_classes(names, {"letter_B": "B", "letter_A": "A"}, "here") == ("A", "B", "c")
    assert rename_classes(names, {"letter_A": "letter_B", "letter_B": "letter_A"}, "here") == (
        "letter_B",
        "letter_A",
        "c",
    )


@pytest.mark.parametrize(
    ("class_map", "message"),
    [
        ({"leter_A": "A"}, "no class 'leter_A'; did you mean 'letter_A'?"),
        ({"letter_A": "letter_B"}, "two classes 'letter_B'"),
        ({"letter_A": "X", "letter_B": "X"}, "two classes 'X'"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(class_map: dict[str, str], message: str) -> None:
    with pytest.raises(DataError) as caught:
        rename_classes(["letter_A", "letter_B"], class_map, "here")
    assert message in str(caught.value)
