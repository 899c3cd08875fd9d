"""The domains' distance: nothing for one domain, two for domains apart, cross-validated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score

from modules.transfer.transferability.proxy_a_distance import proxy_a_distance


def domains(shift: float, width: int, rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two normal clouds whose means are `shift` standard deviations apart."""
    rng = np.random.default_rng(seed)
    moved = np.zeros(width)
    moved[0] = shift
    return rng.normal(size=(rows, width)), rng.normal(size=(rows, width)) + moved


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0, 3.0])
def test_it_is_that_of_the_best_classifier_where_that_is_linear(shift: float) -> None:
    error = stats.norm.cdf(-shift / 2)
    found = proxy_a_distance(*domains(shift, width=3, rows=3000))
    assert found == pytest.approx(2 * (1 - 2 * error), abs=0.06)


def test_one_domain_is_at_no_distance_from_itself_even_in_many_dimensions() -> None:
    # Without cross-validation, 200 points are separable in 500 dimensions: a distance of 2.
    assert abs(proxy_a_distance(*domains(0.0, width=500, rows=100))) < 0.5


def test_domains_that_are_apart_are_at_distance_two() -> None:
    assert proxy_a_distance(*domains(50.0, width=500, rows=100)) == 2.0


def test_the_larger_domain_does_not_count_for_more() -> None:
    source, target = domains(0.0, width=2, rows=1000)
    assert abs(proxy_a_distance(source, target[:50])) < 0.4


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 4), st.integers(0, 2**32 - 1))
def test_it_lies_between_its_bounds_and_repeats_with_its_seed(shift: float, seed: int) -> None:
    pair = domains(shift, width=4, rows=40, seed=seed)
    found = proxy_a_distance(*pair, seed=1)
    assert -2.0 <= found <= 2.0
    assert found == proxy_a_distance(*pair, seed=1)


def test_it_equals_scikit_learns_discriminant_analysis() -> None:
    source, target = domains(1.0, width=30, rows=1000)
    rows, is_target = np.concatenate([source, target]), np.repeat([0, 1], 1000)
    analysis = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    accuracy = cross_val_score(analysis, rows, is_target, cv=folds).mean()
    # It shrinks each domain's covariance on its own, which moves a few decisions.
    assert proxy_a_distance(source, target) == pytest.approx(2 * (2 * accuracy - 1), abs=0.05)


def test_constant_features_tell_only_domains_apart_whose_constants_differ() -> None:
    rows = np.ones((20, 3))
    assert proxy_a_distance(rows, rows) == 0.0
    assert proxy_a_distance(rows, 2 * rows) == 2.0


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="5 of each are needed"):
        proxy_a_distance(np.zeros((4, 1)), np.zeros((9, 1)))
