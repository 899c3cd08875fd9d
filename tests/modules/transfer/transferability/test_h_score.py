"""H-score against its definition with scikit-learn's shrunk covariance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf

from modules.transfer.transferability.h_score import h_score


def by_definition(features: np.ndarray, labels: np.ndarray) -> float:
    conditional = np.stack([features[labels == label].mean(axis=0) for label in labels])
    shrunk, shrinkage = ledoit_wolf(features)
    between = np.cov(conditional, rowvar=False, bias=True).reshape(shrunk.shape)
    return float((1 - shrinkage) * np.trace(np.linalg.inv(shrunk) @ between))


def classes_with_spread(spread: float, width: int = 20, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(5, width))
    return centers[np.arange(100) % 5] + spread * rng.normal(size=(100, width))


LABELS = np.arange(100) % 5


@settings(deadline=None)
@given(st.integers(2, 60), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_it_equals_the_definition(width: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.arange(5 * classes) % classes
    features = rng.normal(size=(len(labels), width)) + labels[:, None]
    found = h_score(features, labels)
    assert found == pytest.approx(by_definition(features, labels), rel=1e-6, abs=1e-9)
    assert -1e-9 <= found <= classes - 1 + 1e-9


def test_classes_that_lie_further_apart_score_higher() -> None:
    scores = [h_score(classes_with_spread(spread), LABELS) for spread in (0.1, 1.0, 5.0)]
    assert scores[0] > scores[1] > scores[2]
    assert scores[0] > 3.5


def test_of_a_thousand_features_random_labels_score_lower_than_true_ones() -> None:
    # Without shrinkage both would score 4, the most that is possible.
    features = classes_with_spread(3.0, width=1000)
    shuffled = np.random.default_rng(1).permutation(LABELS)
    assert h_score(features, LABELS) > h_score(features, shuffled) + 0.5


def test_scale_and_place_do_not_matter() -> None:
    features = classes_with_spread(1.0)
    assert h_score(100 * features + 7, LABELS) == pytest.approx(h_score(features, LABELS))


def test_constant_features_tell_no_classes_apart() -> None:
    assert h_score(np.ones((100, 3)), LABELS) == 0.0
    beside = np.concatenate([classes_with_spread(1.0), np.ones((100, 3))], axis=1)
    assert 0.0 < h_score(beside, LABELS) < 4.0


@pytest.mark.parametrize("labels", [np.arange(4), np.zeros(5, int)])
def test_what_does_not_fit_is_refused(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="labels"):
        h_score(np.ones((4, 2)), labels)
