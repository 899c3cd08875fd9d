"""Label propagation over the nearest neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.transfer.losses.label_propagation import propagate_labels


def two_clusters(each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], each)
    return np.eye(2)[labels] + 0.1 * rng.normal(size=(2 * each, 2)), labels


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(0, 2**31 - 1))
def test_scores_are_finite_and_classes_have_the_same_sum(
    rows: int, classes: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.ones(classes), rows)
    scores = propagate_labels(rng.normal(size=(rows, 3)), prior)
    assert scores.shape == (rows, classes)
    assert np.all(scores >= 0)
    np.testing.assert_allclose(scores.sum(axis=0), 1.0, rtol=1e-3)


def test_a_wrong_minority_takes_its_clusters_label() -> None:
    features, labels = two_clusters(40)
    prior = np.where(np.eye(2)[labels] == 1, 0.9, 0.1)
    prior[::5] = prior[::5, ::-1]
    assert np.mean(prior.argmax(axis=1) == labels) == 0.8
    np.testing.assert_array_equal(propagate_labels(features, prior).argmax(axis=1), labels)


def test_one_known_example_a_class_labels_all_where_nothing_else_is_known() -> None:
    features, labels = two_clusters(20)
    prior = np.full([40, 2], 1e-3)
    prior[[0, 20]] = np.eye(2)
    np.testing.assert_array_equal(propagate_labels(features, prior).argmax(axis=1), labels)


def test_classes_of_few_images_do_not_run_into_each_other() -> None:
    """Six images a class, ten degrees from class to class: ten neighbours would reach beyond."""
    classes, each = 9, 6
    labels = np.repeat(np.arange(classes), each)
    angles = np.radians(10 * labels + np.random.default_rng(0).normal(0, 2, len(labels)))
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    prior = np.zeros((len(labels), classes))
    prior[::each] = np.eye(classes)
    assert np.mean(propagate_labels(features, prior).argmax(axis=1) == labels) > 0.9


def test_the_order_of_the_examples_makes_no_difference() -> None:
    features, labels = two_clusters(15)
    prior = np.random.default_rng(1).dirichlet([1, 1], len(labels))
    order = np.random.default_rng(2).permutation(len(labels))
    straight = propagate_labels(features, prior)
    np.testing.assert_allclose(
        propagate_labels(features[order], prior[order]), straight[order], rtol=1e-3
    )


@pytest.mark.parametrize("features", [np.zeros([4, 3]), np.ones([4, 3])])
def test_features_that_say_nothing_leave_finite_scores(features: np.ndarray) -> None:
    assert np.isfinite(propagate_labels(features, np.full([4, 2], 0.5))).all()
