"""Distances between class centers, and the pictures that show them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.report.evidence.feature_geometry import (
    FeatureSet,
    measure_geometry,
    project_by_neighbours,
    project_linearly,
)

CLASSES = (0, 1, 2)


def clusters(gap: float, *, spread: float = 0.1, dimensions: int = 8) -> FeatureSet:
    """Three classes at the corners of a triangle of side 10; the target is shifted by `gap`."""
    labels = np.tile(np.arange(3), 20)
    is_target = np.arange(60) >= 30
    corners = np.zeros((3, dimensions))
    corners[:, :3] = np.eye(3) * 10.0 / np.sqrt(2.0)
    noise = np.random.default_rng(0).normal(size=(60, dimensions)) * spread
    features = corners[labels] + noise
    features[is_target, -1] += gap
    return FeatureSet(features, labels, is_target)


def test_centers_are_class_means_within_one_domain() -> None:
    data = clusters(gap=5.0, spread=0.0)
    source, target = data.centers(CLASSES)
    np.testing.assert_allclose(target - source, np.tile([0] * 7 + [5.0], (3, 1)))
    assert np.isnan(data.centers([7])).all()


def test_distances_are_in_units_of_the_spread() -> None:
    data = clusters(gap=5.0, spread=0.1)
    found = measure_geometry(data, CLASSES)
    spread = 0.1 * np.sqrt(8)
    assert found.between_domains == pytest.approx(5.0 / spread, rel=0.15)
    assert found.between_classes == pytest.approx(10.0 / spread, rel=0.15)


def test_a_smaller_gap_between_domains_measures_smaller() -> None:
    near, far = (measure_geometry(clusters(gap), CLASSES) for gap in (0.5, 5.0))
    assert near.between_domains < far.between_domains
    assert near.between_classes == pytest.approx(far.between_classes, rel=0.05)


@given(st.floats(0.01, 100.0), st.floats(-50.0, 50.0))
@settings(max_examples=25, deadline=None)
def test_scaling_and_shifting_all_features_changes_nothing(scale: float, shift: float) -> None:
    data = clusters(gap=2.0)
    moved = FeatureSet(data.features * scale + shift, data.labels, data.is_target)
    before, after = measure_geometry(data, CLASSES), measure_geometry(moved, CLASSES)
    assert after.between_domains == pytest.approx(before.between_domains, rel=1e-6)
    assert after.between_classes == pytest.approx(before.between_classes, rel=1e-6)


def test_classes_without_any_spread_are_infinitely_far_apart() -> None:
    labels = np.tile([0, 1], 4)
    data = FeatureSet(np.eye(2)[labels], labels, np.arange(8) >= 4)
    assert measure_geometry(data, (0, 1)).between_classes == float("inf")


def test_the_linear_picture_shows_centers_where_their_points_are() -> None:
    data = clusters(gap=2.0)
    picture = project_linearly(data, CLASSES)
    for label in CLASSES:
        own = picture.points[(data.labels == label) & data.is_target]
        np.testing.assert_allclose(picture.target_centers[label], own.mean(axis=0), atol=1e-9)


def test_the_neighbours_picture_keeps_classes_together_with_their_centers() -> None:
    data = clusters(gap=0.5)
    picture = project_by_neighbours(data, CLASSES, seed=0)
    centers = (picture.source_centers + picture.target_centers) / 2
    distances = np.linalg.norm(picture.points[:, None] - centers[None], axis=-1)
    assert (distances.argmin(axis=1) == data.labels).all()


def test_pictures_repeat() -> None:
    first, second = (project_by_neighbours(clusters(1.0), CLASSES, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.points, second.points)


def test_a_handful_of_points_has_a_picture() -> None:
    data = FeatureSet(
        np.random.default_rng(0).normal(size=(4, 2)),
        np.array([0, 1, 0, 1]),
        np.array([False, False, True, True]),
    )
    assert project_by_neighbours(data, (0, 1), seed=0).points.shape == (4, 2)
    assert project_linearly(data, (0, 1)).points.shape == (4, 2)
