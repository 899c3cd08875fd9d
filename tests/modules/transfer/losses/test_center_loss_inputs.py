"""What center loss takes and refuses."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from modules.transfer.losses.center_loss import CenterLoss


def test_bfloat16_features_give_a_float32_loss_and_gradient_of_their_own_type() -> None:
    center_loss = CenterLoss(2, 3, alpha=0.5)
    features = tf.Variable(tf.ones([2, 3], tf.bfloat16))
    with tf.GradientTape() as tape:
        loss = center_loss.loss(features, tf.constant([0, 1]))
    assert loss.dtype == tf.float32
    assert tape.gradient(loss, features).dtype == tf.bfloat16


@pytest.mark.parametrize("label", [-1, 3, 2**40])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_label_out_of_range_raises_and_moves_nothing(label: int, compiled: bool) -> None:
    center_loss = CenterLoss(3, 2, alpha=0.5)
    features, labels = tf.ones([2, 2]), tf.constant([0, label], tf.int64)
    for function in (center_loss.loss, center_loss.update):
        call = tf.function(function) if compiled else function
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected labels in"):
            call(features, labels)
    np.testing.assert_array_equal(center_loss.centers, np.zeros((3, 2)))


def test_labels_that_are_not_integers_raise() -> None:
    with pytest.raises(TypeError, match="integer labels, found float32"):
        CenterLoss(3, 2, alpha=0.5).loss(tf.ones([1, 2]), tf.constant([0.0]))


@pytest.mark.parametrize(("features", "labels"), [((2, 3), (2,)), ((2, 2), (3,)), ((2, 2), (2, 1))])
def test_shapes_that_do_not_fit_raise(features: tuple[int, ...], labels: tuple[int, ...]) -> None:
    center_loss = CenterLoss(3, 2, alpha=0.5)
    with pytest.raises(ValueError, match="Center loss"):
        center_loss.update(tf.ones(features), tf.zeros(labels, tf.int64))


@pytest.mark.parametrize(
    "arguments", [(0, 1, 0.5), (1, 0, 0.5), (1, 1, -0.1), (1, 1, 1.1), (1, 1, 0.5, "max")]
)
def test_arguments_out_of_range_are_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        CenterLoss(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("centers", [np.ones((2, 3)), np.full((3, 2), np.nan)])
def test_initial_centers_of_another_shape_or_not_finite_are_refused(centers: np.ndarray) -> None:
    with pytest.raises(ValueError, match="centers"):
        CenterLoss(3, 2, alpha=0.5).initialize(centers)
