"""LogME against the evidence of a Gaussian process and its numerical maximum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from modules.transfer.transferability.log_me import log_evidence, log_me


def gaussian_evidence(
    features: np.ndarray, target: np.ndarray, prior: float, noise: float
) -> float:
    """The weights integrated out: the labels are jointly Gaussian."""
    covariance = np.eye(len(target)) / noise + features @ features.T / prior
    return float(stats.multivariate_normal.logpdf(target, np.zeros(len(target)), covariance))


def largest_evidence(features: np.ndarray, target: np.ndarray) -> float:
    found = optimize.minimize(
        lambda logs: -gaussian_evidence(features, target, *np.exp(logs)),
        np.zeros(2),
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000},
    )
    return float(-found.fun)


@settings(deadline=None)
@given(
    st.integers(2, 12),
    st.integers(1, 15),
    st.floats(0.05, 20),
    st.floats(0.05, 20),
    st.integers(0, 2**32 - 1),
)
def test_evidence_equals_that_of_the_gaussian_of_the_labels(
    count: int, width: int, prior: float, noise: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    features, target = rng.normal(size=(count, width)), rng.normal(size=count)
    left, singular, _ = np.linalg.svd(features, full_matrices=False)
    projected = (left.T @ target) ** 2
    beyond = float(target @ target - projected.sum())
    found = log_evidence(singular**2, projected, beyond, count, width, prior, noise)
    assert found == pytest.approx(gaussian_evidence(features, target, prior, noise), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_precisions_are_those_of_the_largest_evidence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.arange(60) % 3
    features = np.eye(3)[labels] @ rng.normal(size=(3, 4)) + 0.7 * rng.normal(size=(60, 4))
    best = np.mean([largest_evidence(features, (labels == k).astype(float)) / 60 for k in range(3)])
    assert log_me(features, labels) == pytest.approx(best, abs=2e-3)


def test_features_that_separate_the_classes_are_better_the_clearer_they_do() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(100) % 5
    noise = rng.normal(size=(100, 64))
    centers = rng.normal(size=(5, 64))[labels]
    scores = [log_me(centers + spread * noise, labels) for spread in (0.3, 1.0, 3.0)]
    assert scores[0] > scores[1] > scores[2]


@given(st.integers(1, 3), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_more_features_than_labels_are_no_trouble(shots: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(4), shots)
    features = np.maximum(rng.normal(size=(4 * shots, width)), 0)
    assert np.isfinite(log_me(features, labels))
    assert np.isfinite(log_me(np.zeros_like(features), labels))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="features for"):
        log_me(np.ones((2, 1)), np.zeros(3, int))
