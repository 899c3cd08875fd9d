"""The density ratio that a domain classifier implies."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.transfer.losses.density_ratio import density_ratio


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 30), st.integers(1, 30), st.floats(0.05, 1.0), st.integers(0, 2**31 - 1))
def test_the_ratio_is_bounded_whatever_the_domains_are(
    sources: int, targets: int, mixture: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(sources, 4))
    target = rng.normal(loc=100.0, size=(targets, 4))
    ratio = density_ratio(source, target, components=3, mixture=mixture)
    assert ratio.shape == (sources,)
    assert np.all((ratio >= 0) & (ratio <= 1 / mixture + 1e-9))


def test_equal_domains_have_a_ratio_near_one() -> None:
    rows = np.random.default_rng(0).normal(size=(400, 8))
    ratio = density_ratio(rows[:200], rows[200:], components=4, mixture=0.2)
    assert 0.8 < ratio.mean() < 1.2
    np.testing.assert_allclose(density_ratio(rows, rows, 4, 0.2), 1.0, atol=1e-6)


def test_it_matches_the_true_ratio_of_two_gaussians() -> None:
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(4000, 1)), rng.normal(loc=1.0, size=(2000, 1))
    true = np.exp(source[:, 0] - 0.5)
    expected = true / (0.5 * true + 0.5)
    found = density_ratio(source, target, components=1, mixture=0.5)
    assert np.abs(found - expected).mean() < 0.05


def test_features_that_never_change_are_ignored() -> None:
    source = np.column_stack([np.arange(6.0), np.full(6, 3.0)])
    ratio = density_ratio(source, source + np.array([4.0, 0.0]), components=2, mixture=0.1)
    assert np.all(np.diff(ratio) > 0)
    np.testing.assert_allclose(density_ratio(np.ones([3, 2]), np.ones([2, 2]), 2, 0.1), 1.0)
