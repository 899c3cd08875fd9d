"""Center loss, by the paper's properties."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modules.transfer.losses.center_loss import CenterLoss, Reduction

REDUCTIONS: tuple[Reduction, ...] = ("mean", "sum")

assert_close = functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-4)
VALUES = st.floats(-10, 10, width=32, allow_subnormal=False)
ALPHAS = st.floats(0, 1, width=32, allow_subnormal=False)
properties = settings(max_examples=40, deadline=None)


class Batch(NamedTuple):
    centers: np.ndarray  # [K, D]
    features: np.ndarray  # [N, D]
    labels: np.ndarray  # [N]


@st.composite
def batches(draw: st.DrawFn, min_size: int = 0) -> Batch:
    classes, dim = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    size = draw(st.integers(min_size, 8))
    return Batch(
        draw(hnp.arrays(np.float32, (classes, dim), elements=VALUES)),
        draw(hnp.arrays(np.float32, (size, dim), elements=VALUES)),
        draw(hnp.arrays(np.int64, (size,), elements=st.integers(0, classes - 1))),
    )


def _center_loss(
    centers: np.ndarray, alpha: float = 0.5, reduction: Reduction = "mean"
) -> CenterLoss:
    num_classes, feature_dim = centers.shape
    center_loss = CenterLoss(num_classes, feature_dim, alpha, reduction)
    center_loss.initialize(centers)
    return center_loss


def _updated(batch: Batch, alpha: float) -> np.ndarray:
    center_loss = _center_loss(batch.centers, alpha)
    center_loss.update(batch.features, batch.labels)
    return center_loss.centers.numpy()


def _updated_by_a_loop(batch: Batch, alpha: float) -> np.ndarray:
    """Equations 3 and 4 of the paper, word for word, in float64."""
    centers = batch.centers.astype(np.float64)
    updated = centers.copy()
    for j in range(len(centers)):
        numerator, count = np.zeros(centers.shape[1]), 0
        for x, y in zip(batch.features.astype(np.float64), batch.labels, strict=True):
            if y == j:
                numerator += centers[j] - x
                count += 1
        updated[j] = centers[j] - alpha * numerator / (1 + count)
    return updated


@properties
@given(batches(), ALPHAS)
def test_update_equals_the_papers_loop(batch: Batch, alpha: float) -> None:
    assert_close(_updated(batch, alpha), _updated_by_a_loop(batch, alpha))


def test_update_counts_duplicates_and_uses_the_centers_from_before() -> None:
    batch = Batch(np.zeros((2, 1)), np.array([[3.0], [3.0], [6.0]]), np.array([1, 1, 1]))
    np.testing.assert_allclose(_updated(batch, alpha=1.0), [[0.0], [12 / 4]])


@properties
@given(batches(), st.sampled_from(REDUCTIONS))
def test_loss_equals_the_papers_loop(batch: Batch, reduction: Reduction) -> None:
    distances = [
        0.5 * float(np.sum((x.astype(np.float64) - batch.centers[y]) ** 2))
        for x, y in zip(batch.features, batch.labels, strict=True)
    ]
    expected = sum(distances) / (max(len(distances), 1) if reduction == "mean" else 1)
    found = _center_loss(batch.centers, reduction=reduction).loss(batch.features, batch.labels)
    assert_close(found, expected)


@properties
@given(batches(), ALPHAS, st.randoms(use_true_random=False))
def test_the_order_of_the_batch_does_not_matter(batch: Batch, alpha: float, random: object) -> None:
    order = list(range(len(batch.labels)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = Batch(batch.centers, batch.features[order], batch.labels[order])
    assert_close(_updated(shuffled, alpha), _updated(batch, alpha))
    center_loss = _center_loss(batch.centers)
    assert_close(
        center_loss.loss(shuffled.features, shuffled.labels),
        center_loss.loss(batch.features, batch.labels),
    )


@properties
@given(batches(), ALPHAS)
def test_the_center_of_an_absent_class_stays_bit_for_bit(batch: Batch, alpha: float) -> None:
    absent = np.setdiff1d(np.arange(len(batch.centers)), batch.labels)
    np.testing.assert_array_equal(_updated(batch, alpha)[absent], batch.centers[absent])


@properties
@given(batches())
def test_alpha_0_moves_nothing(batch: Batch) -> None:
    np.testing.assert_array_equal(_updated(batch, alpha=0.0), batch.centers)


@properties
@given(batches(min_size=1), ALPHAS)
def test_one_sample_moves_its_center_by_half_of_alpha(batch: Batch, alpha: float) -> None:
    one = Batch(batch.centers, batch.features[:1], batch.labels[:1])
    label = batch.labels[0]
    moved = _updated(one, alpha)[label] - batch.centers[label]
    assert_close(moved, alpha / 2 * (batch.features[0] - batch.centers[label]))


@properties
@given(batches(min_size=1), ALPHAS)
def test_update_contracts_the_distance_to_the_class_mean(batch: Batch, alpha: float) -> None:
    updated = _updated(batch, alpha)
    for label in np.unique(batch.labels):
        members = batch.features[batch.labels == label]
        mean = members.mean(axis=0)
        factor = 1 - alpha * len(members) / (1 + len(members))
        before, after = batch.centers[label] - mean, updated[label] - mean
        assert_close(after, factor * before)
        assert np.linalg.norm(after) <= np.linalg.norm(before) + 1e-4


@properties
@given(batches(min_size=1), ALPHAS)
def test_a_center_stays_in_the_convex_hull_of_itself_and_its_examples(
    batch: Batch, alpha: float
) -> None:
    # In one direction a hull is an interval, and a point is in the hull if it is in all of them.
    directions = np.random.default_rng(0).normal(size=(batch.centers.shape[1], 16))
    updated = _updated(batch, alpha) @ directions
    for label in range(len(batch.centers)):
        corners = np.vstack([batch.centers[label], batch.features[batch.labels == label]])
        heights = corners @ directions
        assert (updated[label] >= heights.min(axis=0) - 1e-3).all()
        assert (updated[label] <= heights.max(axis=0) + 1e-3).all()


@properties
@given(batches(), ALPHAS, VALUES)
def test_translating_features_and_centers_translates_the_update_and_keeps_the_loss(
    batch: Batch, alpha: float, shift: float
) -> None:
    moved = Batch(batch.centers + shift, batch.features + shift, batch.labels)
    assert_close(_updated(moved, alpha), _updated(batch, alpha) + shift)
    np.testing.assert_allclose(
        _center_loss(moved.centers).loss(moved.features, moved.labels),
        _center_loss(batch.centers).loss(batch.features, batch.labels),
        rtol=1e-3,
        atol=1e-3,
    )


@properties
@given(batches(min_size=1), st.sampled_from(REDUCTIONS), st.data())
def test_the_gradient_equals_finite_differences(
    batch: Batch, reduction: Reduction, data: st.DataObject
) -> None:
    center_loss = _center_loss(batch.centers, reduction=reduction)
    features = tf.Variable(batch.features)
    with tf.GradientTape() as tape:
        loss = center_loss.loss(features, batch.labels)
    gradient = tape.gradient(loss, features).numpy()

    # A quadratic's central difference is exact: a step of any size will do.
    row = data.draw(st.integers(0, len(batch.labels) - 1))
    column = data.draw(st.integers(0, batch.features.shape[1] - 1))
    step = np.zeros_like(batch.features)
    step[row, column] = 0.5
    difference = center_loss.loss(batch.features + step, batch.labels) - center_loss.loss(
        batch.features - step, batch.labels
    )
    np.testing.assert_allclose(gradient[row, column], difference, rtol=1e-3, atol=5e-3)


def test_no_gradient_reaches_the_centers() -> None:
    center_loss = _center_loss(np.ones((2, 3)))
    with tf.GradientTape() as tape:
        tape.watch(center_loss.centers)
        loss = center_loss.loss(tf.zeros([4, 3]), tf.constant([0, 1, 1, 0]))
    assert float(loss) > 0
    assert tape.gradient(loss, center_loss.centers) is None
    assert not center_loss.trainable_variables


def test_the_loss_does_not_move_the_centers() -> None:
    center_loss = _center_loss(np.ones((2, 3)))
    center_loss.loss(tf.zeros([4, 3]), tf.constant([0, 1, 1, 0]))
    np.testing.assert_array_equal(center_loss.centers, np.ones((2, 3)))


@properties
@given(batches(), st.integers(1, 4))
def test_tiling_a_batch_leaves_the_mean_loss_unchanged_and_multiplies_the_sum(
    batch: Batch, times: int
) -> None:
    tiled = (np.tile(batch.features, (times, 1)), np.tile(batch.labels, times))
    mean = _center_loss(batch.centers, reduction="mean")
    total = _center_loss(batch.centers, reduction="sum")
    one = (batch.features, batch.labels)
    assert_close(mean.loss(*tiled), mean.loss(*one))
    assert_close(total.loss(*tiled), times * total.loss(*one))


@properties
@given(batches(), st.data())
def test_held_centers_stay_and_the_others_move_as_ever(batch: Batch, data: st.DataObject) -> None:
    held = data.draw(hnp.arrays(bool, len(batch.centers)))
    center_loss = _center_loss(batch.centers)
    center_loss.hold(held)
    center_loss.update(batch.features, batch.labels)
    np.testing.assert_array_equal(center_loss.centers.numpy()[held], batch.centers[held])
    np.testing.assert_array_equal(center_loss.centers.numpy()[~held], _updated(batch, 0.5)[~held])


def test_compiled_and_eager_updates_agree() -> None:
    batch = Batch(np.eye(3, 2), np.arange(8.0).reshape(4, 2), np.array([2, 0, 2, 2]))
    center_loss = _center_loss(batch.centers, alpha=0.5)
    tf.function(center_loss.update)(batch.features, batch.labels)
    assert_close(center_loss.centers, _updated(batch, alpha=0.5))


def test_centers_survive_a_checkpoint(tmp_path: Path) -> None:
    saved = _center_loss(np.random.default_rng(0).normal(size=(3, 2)))
    path = tf.train.Checkpoint(center_loss=saved).write(str(tmp_path / "checkpoint"))
    restored = CenterLoss(3, 2, alpha=0.5)
    status = tf.train.Checkpoint(center_loss=restored).read(path)
    status.assert_consumed()
    np.testing.assert_array_equal(restored.centers, saved.centers)


def test_replicas_with_uneven_shards_equal_one_replica() -> None:
    script = Path(__file__).with_name("center_loss_on_replicas.py")
    run = subprocess.run(
        [sys.executable, str(script)],
        cwd=Path(__file__).parents[4],
        env={"PYTHONPATH": ".", "PATH": "/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert "2 replicas agree with 1" in run.stdout
