"""The linear probe: logistic regression, folded into a classifier of raw features."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.transfer.probe import fit_probe


def blobs(classes: int, per_class: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centers = 5.0 + 3.0 * rng.normal(size=(classes, 8))
    labels = np.repeat(np.arange(classes), per_class)
    features = centers[labels] + rng.normal(size=(len(labels), 8))
    return features.astype(np.float32), labels


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_it_separates_what_a_line_can_separate(classes: int) -> None:
    features, labels = blobs(classes, 10)
    probe = fit_probe(features, labels)
    assert probe.kernel.shape == (8, classes)
    logits = features @ probe.kernel + probe.bias
    assert (np.argmax(logits, axis=1) == labels).mean() > 0.9


@given(st.floats(0.1, 100.0), st.floats(-10.0, 10.0))
def test_neither_the_place_nor_the_scale_of_the_features_matters(
    scale: float, shift: float
) -> None:
    features, labels = blobs(3, 4)
    plain, moved = fit_probe(features, labels), fit_probe(features * scale + shift, labels)
    np.testing.assert_allclose(
        (features * scale + shift) @ moved.kernel + moved.bias,
        features @ plain.kernel + plain.bias,
        atol=0.05,
    )


def test_one_label_of_each_class_is_enough_and_twice_the_same_gives_the_same() -> None:
    features, labels = blobs(5, 1)
    one, other = fit_probe(features, labels), fit_probe(features, labels)
    np.testing.assert_array_equal(one.kernel, other.kernel)
    logits = features @ one.kernel + one.bias
    assert np.argmax(logits, axis=1).tolist() == labels.tolist()


def test_features_that_are_all_alike_give_even_odds() -> None:
    probe = fit_probe(np.ones((4, 3)), np.array([0, 1, 0, 1]))
    logits = np.ones((1, 3)) @ probe.kernel + probe.bias
    np.testing.assert_allclose(logits[0, 0], logits[0, 1], atol=1e-4)
