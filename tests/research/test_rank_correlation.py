"""Rank correlation over pairs of sources and targets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from research.rank_correlation import rank_correlation, spearman

# Few values, so that there are ties.
TABLES = arrays(np.float64, (4, 5), elements=st.integers(0, 6).map(float))


@given(TABLES, TABLES)
@settings(deadline=None)
def test_it_is_scipys_over_all_pairs(estimate: np.ndarray, outcome: np.ndarray) -> None:
    found = spearman(estimate, outcome, "all pairs")
    if np.ptp(estimate) == 0 or np.ptp(outcome) == 0:
        assert np.isnan(found)
    else:
        expected = spearmanr(estimate.ravel(), outcome.ravel()).statistic
        assert found == pytest.approx(expected, abs=1e-9)


@given(TABLES, TABLES)
@settings(deadline=None)
def test_over_targets_is_over_sources_with_the_tables_turned(
    estimate: np.ndarray, outcome: np.ndarray
) -> None:
    turned = spearman(estimate.T, outcome.T, "sources")
    assert spearman(estimate, outcome, "targets") == pytest.approx(turned, nan_ok=True)


def test_what_a_target_is_like_does_not_count_over_sources() -> None:
    estimate = np.array([[1.0, 30.0, 200.0], [2.0, 20.0, 300.0]])
    outcome = np.array([[0.1, 0.7, 0.3], [0.2, 0.5, 0.4]])
    assert spearman(estimate, outcome, "sources") == pytest.approx(1.0)
    assert spearman(estimate, outcome, "all pairs") < 1.0


def test_a_target_on_which_all_sources_are_alike_is_left_out() -> None:
    estimate, outcome = np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([[0.1, 0.5], [0.2, 0.5]])
    assert spearman(estimate, outcome, "sources") == pytest.approx(1.0)


def test_the_interval_is_repeatable_holds_the_value_and_is_wide_where_nothing_ranks() -> None:
    rng = np.random.default_rng(1)
    outcome = rng.normal(size=(7, 10))
    good = rank_correlation(outcome + 0.1 * rng.normal(size=(7, 10)), outcome, "all pairs")
    unrelated = rng.normal(size=(7, 10))
    noise = rank_correlation(unrelated, outcome, "all pairs")
    assert 0.8 < good.low <= good.value <= good.high <= 1.0
    assert noise.low < 0.0 < noise.high
    assert noise == rank_correlation(unrelated, outcome, "all pairs")
