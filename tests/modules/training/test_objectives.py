"""Cross-entropy as an objective."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.training.objectives import CrossEntropy, Objective, Stream, mean_over_batch


def stream(logits: np.ndarray, labels: np.ndarray) -> Stream:
    rows = np.arange(len(labels))
    return Stream(
        tf.zeros([len(labels), 1, 1, 1]), labels, rows, tf.zeros([len(labels), 2]), logits
    )


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(2, 5), st.integers(0, 2**31 - 1))
def test_it_is_the_mean_negative_log_likelihood(count: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, classes), scale=3).astype(np.float32)
    labels = rng.integers(0, classes, count)
    shifted = logits - logits.max(axis=1, keepdims=True)
    likelihood = shifted[np.arange(count), labels] - np.log(np.exp(shifted).sum(axis=1))
    losses = CrossEntropy("source").losses({"source": stream(logits, labels)}, tf.constant(0.0))
    np.testing.assert_allclose(losses["cross_entropy"], -likelihood.mean(), rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(2, 5), st.floats(0, 0.9), st.integers(0, 2**31 - 1))
def test_smoothed_labels_are_those_of_keras(
    count: int, classes: int, smoothing: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, classes), scale=3).astype(np.float32)
    labels = rng.integers(0, classes, count)
    objective = CrossEntropy("source", smoothing)
    found = objective.losses({"source": stream(logits, labels)}, tf.constant(0.0))
    expected = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)(
        np.eye(classes)[labels], logits
    )
    np.testing.assert_allclose(found["cross_entropy"], expected, rtol=1e-4, atol=1e-5)


def test_other_streams_do_not_count() -> None:
    wrong = stream(np.array([[9.0, 0.0]], np.float32), np.array([1]))
    right = stream(np.array([[9.0, 0.0]], np.float32), np.array([0]))
    losses = CrossEntropy("target").losses({"source": wrong, "target": right}, tf.constant(0.0))
    assert float(losses["cross_entropy"]) < 0.01


def test_replicas_shares_sum_to_the_mean_over_the_global_batch() -> None:
    losses = np.array([1.0, 2.0, 3.0, 6.0], np.float32)
    assert float(mean_over_batch(losses)) == 3.0
    strategy = tf.distribute.OneDeviceStrategy("cpu:0")
    assert float(strategy.run(lambda: mean_over_batch(losses))) == 3.0


def test_by_default_there_is_nothing_more_than_losses() -> None:
    objective = Objective()
    gradients = [tf.constant(1.0), None]
    assert objective.extra_variables() == ()
    assert objective.scale_gradients(gradients, [], tf.constant(0.0)) is gradients
    objective.after_step({})
    assert not objective.variables
