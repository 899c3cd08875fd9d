"""Predictions on unlabelled images become sure and balanced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.networks.outputs import network_outputs
from modules.settings.methods import InformationMaximizationSettings
from modules.transfer.losses.information_maximization import (
    InformationLoss,
    divergence,
    entropies,
)
from modules.transfer.methods.information_maximization import InformationMaximization
from tests.modules.transfer.tiny_transfer import (
    CLASSES,
    PROGRESS,
    context,
    domains,
    train,
)


def logits_of(rows: int, scale: float, seed: int) -> tf.Tensor:
    return tf.constant(scale * np.random.default_rng(seed).normal(size=(rows, CLASSES)), tf.float32)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 12), st.floats(0.1, 20.0), st.integers(0, 2**31 - 1))
def test_entropies_are_those_of_the_predictions(rows: int, scale: float, seed: int) -> None:
    logits = logits_of(rows, scale, seed)
    shares = np.asarray(tf.nn.softmax(logits), np.float64)
    expected = -np.sum(shares * np.log(np.maximum(shares, 1e-30)), axis=1)
    np.testing.assert_allclose(entropies(logits), expected, rtol=1e-3, atol=1e-4)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 12), st.floats(0.1, 20.0), st.integers(0, 2**31 - 1))
def test_the_divergence_is_that_of_the_mean_prediction(rows: int, scale: float, seed: int) -> None:
    logits = logits_of(rows, scale, seed)
    shares = np.random.default_rng(seed).dirichlet(np.full(CLASSES, 5.0)).astype(np.float32)
    mean = np.asarray(tf.nn.softmax(logits), np.float64).mean(axis=0)
    expected = np.sum(mean * np.log(np.maximum(mean, 1e-30) / shares))
    found = float(divergence(logits, tf.constant(shares)))
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)
    assert found >= -1e-5


def test_predictions_that_are_sure_and_balanced_as_the_target_is_have_no_loss() -> None:
    sure = 30.0 * np.eye(CLASSES, dtype=np.float32)[[0, 1, 2, 2]]
    shares = tf.constant([0.25, 0.25, 0.5])
    assert float(tf.reduce_max(entropies(sure))) == pytest.approx(0.0, abs=1e-5)
    assert float(divergence(sure, shares)) == pytest.approx(0.0, abs=1e-5)
    assert float(divergence(sure, tf.fill([CLASSES], 1 / 3))) > 0.01
    assert float(divergence(sure[:1], shares)) == pytest.approx(np.log(4), rel=1e-4)


def test_losses_before_preparing_are_refused() -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        InformationLoss(1.0).losses({}, tf.constant(PROGRESS))


def test_it_trains_on_labels_and_on_entropy_and_balance(tmp_path: Path) -> None:
    _, outcome = train(InformationMaximization(context()), domains(), tmp_path)
    labelled = {"source_cross_entropy", "target_cross_entropy"}
    assert set(outcome.losses) == {"loss", *labelled, "entropy", "imbalance"}


def test_it_makes_the_network_surer_of_the_target(tmp_path: Path) -> None:
    data = domains(shots=0)

    def entropy(weight: float) -> float:
        settings = InformationMaximizationSettings(weight=weight)
        method = InformationMaximization(context(information_maximization=settings))
        model, _ = train(method, data, tmp_path / str(weight))
        shares = tf.nn.softmax(network_outputs(model, data["unlabelled"].images).logits)
        return float(-tf.reduce_mean(tf.reduce_sum(shares * tf.math.log(shares), axis=-1)))

    assert entropy(3.0) < entropy(0.0)
