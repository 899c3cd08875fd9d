"""Labelled shots: stratified, reproducible, nested, independent of order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import DataError
from modules.examples.few_shot import draw_shots

NAMES = ["a", "b", "c"]


def split(per_class: int, order_seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    labels = np.tile(np.arange(3), per_class)
    ids = np.array([b"train/%08d" % index for index in range(len(labels))])
    order = np.random.default_rng(order_seed).permutation(len(labels))
    return labels[order], ids[order]


def drawn_ids(shots: int | str, seed: int = 0, order_seed: int = 0) -> list[bytes]:
    labels, ids = split(20, order_seed)
    return list(ids[draw_shots(labels, ids, shots, seed, NAMES)])  # type: ignore[arg-type]


@given(st.integers(0, 20), st.integers(0, 2**31 - 1))
def test_each_class_gives_as_many_examples_as_asked_for(shots: int, seed: int) -> None:
    labels, ids = split(20)
    rows = draw_shots(labels, ids, shots, seed, NAMES)
    assert len(set(rows)) == len(rows)
    assert np.bincount(labels[rows], minlength=3).tolist() == [shots] * 3


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_the_order_of_the_examples_makes_no_difference(first: int, second: int) -> None:
    assert drawn_ids(3, order_seed=first) == drawn_ids(3, order_seed=second)


@given(st.integers(0, 19), st.integers(0, 1000))
def test_fewer_shots_are_a_subset_of_more(shots: int, seed: int) -> None:
    assert set(drawn_ids(shots, seed)) < set(drawn_ids(shots + 1, seed))


def test_other_seeds_draw_other_examples() -> None:
    assert len({tuple(drawn_ids(2, seed)) for seed in range(20)}) > 10


def test_every_example_is_drawn_sooner_or_later() -> None:
    assert len({example for seed in range(200) for example in drawn_ids(2, seed)}) == 60


def test_the_rows_ascend_by_example_id() -> None:
    assert drawn_ids(5) == sorted(drawn_ids(5))


def test_all_takes_every_example() -> None:
    assert drawn_ids("all") == [b"train/%08d" % index for index in range(60)]


def test_a_class_with_too_few_examples_is_named_with_what_to_do() -> None:
    labels, ids = np.array([0, 0, 1]), np.array([b"x", b"y", b"z"])
    with pytest.raises(
        DataError, match=r"examples/target: .*2 .*'b'.*found 1\. Lower target\.shots"
    ):
        draw_shots(labels, ids, 2, 0, ["a", "b"], source="examples/target")


def test_a_class_without_any_example_is_noticed() -> None:
    labels, ids = np.array([0, 1]), np.array([b"x", b"y"])
    with pytest.raises(DataError, match="'c'"):
        draw_shots(labels, ids, 1, 0, NAMES)


def test_shots_come_from_as_many_groups_as_possible() -> None:
    labels, ids = split(20)
    groups = np.array([b"writer %d" % (int(each[-8:]) // 15) for each in ids])  # four of them
    for shots in (1, 3, 4, 6, 8):
        rows = draw_shots(labels, ids, shots, 0, NAMES, groups=groups)
        for label in range(3):
            _, counts = np.unique(groups[rows][labels[rows] == label], return_counts=True)
            assert len(counts) == min(shots, 4)
            assert counts.max() - counts.min() <= 1


def test_fewer_shots_from_groups_are_a_subset_and_single_groups_change_nothing() -> None:
    labels, ids = split(20)
    groups = np.array([b"writer %d" % (int(each[-8:]) // 15) for each in ids])
    few, more = (set(draw_shots(labels, ids, n, 3, NAMES, groups=groups)) for n in (3, 7))
    assert few < more
    alone = draw_shots(labels, ids, 5, 3, NAMES, groups=ids)
    assert alone.tolist() == draw_shots(labels, ids, 5, 3, NAMES).tolist()
