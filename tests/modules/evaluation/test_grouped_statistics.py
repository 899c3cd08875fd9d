"""Statistics of groups, against enumeration, other implementations and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from modules.evaluation.grouped_statistics import (
    GroupTotals,
    group_bootstrap,
    group_interval,
    least_sign_flip_fall_p_value,
    sign_flip_fall_p_value,
    sign_flip_p_value,
    widened,
)
from modules.evaluation.paired_statistics import fall_p_value, mcnemar_p_value

GROUPS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(-9, 9)).map(
        lambda each: (each[0], max(-each[0], min(each[0], each[1])))
    ),
    min_size=1,
    max_size=9,
)


def totals(groups: list[tuple[int, int]]) -> GroupTotals:
    return GroupTotals(
        np.array([difference for _, difference in groups]), np.array([size for size, _ in groups])
    )


@given(GROUPS)
def test_sign_flip_test_equals_the_enumeration_of_all_signs(groups: list[tuple[int, int]]) -> None:
    found = totals(groups)
    observed = found.sums.sum()
    flipped = [
        np.dot(signs, found.sums) for signs in itertools.product((-1, 1), repeat=len(groups))
    ]
    below, above = (np.mean(side) for side in (flipped <= observed, flipped >= observed))
    assert sign_flip_fall_p_value(found) == pytest.approx(below)
    assert sign_flip_p_value(found) == pytest.approx(min(1.0, 2 * min(below, above)))
    assert least_sign_flip_fall_p_value(found) <= sign_flip_fall_p_value(found) + 1e-12


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 50))
def test_groups_of_one_example_give_mcnemars_exact_test(fixed: int, broken: int, same: int) -> None:
    found = totals([*[(1, 1)] * fixed, *[(1, -1)] * broken, *[(1, 0)] * same])
    assert sign_flip_p_value(found) == pytest.approx(mcnemar_p_value(fixed, broken), rel=1e-9)
    assert sign_flip_fall_p_value(found) == pytest.approx(fall_p_value(fixed, broken), rel=1e-9)


def test_five_groups_can_never_be_significant() -> None:
    assert sign_flip_p_value(totals([(50, 50)] * 5)) == 2 / 2**5 > 0.05


def test_many_large_groups_are_tested_exactly_and_at_once() -> None:
    rng = np.random.default_rng(0)
    sums = rng.integers(-10, 12, 2000)
    found = GroupTotals(sums, np.full(2000, 12))
    normal = 2 * stats.norm.sf(abs(sums.sum()) / math.sqrt((sums**2).sum()))
    assert sign_flip_p_value(found) == pytest.approx(normal, rel=0.05)


def test_groups_of_equal_size_have_the_t_interval_of_their_means() -> None:
    sums = np.array([5, 9, 2, 7, 7, 1, 8])
    expected = stats.t.interval(
        0.9, len(sums) - 1, loc=sums.mean() / 10, scale=stats.sem(sums) / 10
    )
    assert group_interval(GroupTotals(sums, np.full(7, 10)), 0.9) == pytest.approx(expected)


@given(GROUPS.filter(lambda groups: len(groups) > 1))
def test_interval_holds_the_mean_and_mirrors(groups: list[tuple[int, int]]) -> None:
    found = totals(groups)
    low, high = group_interval(found)
    mean = found.sums.sum() / found.sizes.sum()
    assert low <= mean + 1e-9
    assert mean <= high + 1e-9
    mirrored = group_interval(GroupTotals(-found.sums, found.sizes))
    assert mirrored == pytest.approx((-high, -low), abs=1e-9)


def test_one_group_says_nothing() -> None:
    alone = totals([(90, 30)])
    assert group_interval(alone) == group_bootstrap(alone).interval == (-math.inf, math.inf)
    assert group_bootstrap(alone).p_value == sign_flip_p_value(alone) == 1.0
    assert widened((0.2, 0.4), group_interval(alone), -1.0) == (-1.0, 1.0)


def test_one_large_group_weighs_little_more_than_one() -> None:
    assert totals([(10, 0)] * 12).effective_count == 12
    assert totals([(1000, 0), *[(1, 0)] * 11]).effective_count < 1.1


def test_an_interval_is_never_narrower_than_that_of_independent_examples() -> None:
    agreeing = totals([(30, 3)] * 12)
    assert group_interval(agreeing) == pytest.approx((0.1, 0.1))
    assert widened((0.07, 0.13), group_interval(agreeing), 0.0) == (0.07, 0.13)


@pytest.mark.parametrize("groups", [12, 40])
@pytest.mark.parametrize("unequal", [False, True])
def test_interval_covers_the_truth_as_often_as_it_says(groups: int, unequal: bool) -> None:
    rng = np.random.default_rng(groups + unequal)
    covered = 0
    for _ in range(1000):
        sizes = rng.integers(5, 60, groups) if unequal else np.full(groups, 30)
        accuracies = rng.beta(8, 2, groups)  # correlated answers: 0.09 within a group
        found = GroupTotals(rng.binomial(sizes, accuracies), sizes)
        low, high = group_interval(found)
        covered += low <= 0.8 <= high
    assert 0.92 <= covered / 1000 <= 0.98


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_bootstrap_of_groups_is_about_as_wide_as_the_t_interval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = GroupTotals(rng.binomial(30, rng.beta(4, 4, 25)), np.full(25, 30))
    low, high = group_interval(found)
    boot = group_bootstrap(found, seed=seed).interval
    assert boot[1] - boot[0] == pytest.approx(high - low, rel=0.15)
    assert group_bootstrap(found, seed=seed) == group_bootstrap(found, seed=seed)


def test_bootstrap_of_groups_tests_at_its_level() -> None:
    rng = np.random.default_rng(0)
    rejected = 0
    for seed in range(150):
        found = GroupTotals(rng.binomial(20, rng.beta(2, 2, 15)) - 10, np.full(15, 20))
        rejected += group_bootstrap(found, seed=seed).p_value < 0.05
    assert rejected / 150 <= 0.1
