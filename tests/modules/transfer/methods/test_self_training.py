"""The network learns from its own predictions on unlabelled target images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.networks.outputs import network_outputs
from modules.settings import SelfTrainingSettings
from modules.training.objectives import Objective
from modules.transfer.losses.information_maximization import (
    InformationMaximization,
    divergence,
    entropies,
)
from modules.transfer.losses.neighbourhood_guesses import Guesses, guess_from_neighbourhoods
from modules.transfer.losses.pseudo_labels import PseudoLabels, surest_of_each_class
from modules.transfer.methods.self_training import SelfTraining
from tests.modules.transfer.methods.tiny_transfer import (
    CLASSES,
    PROGRESS,
    context,
    domains,
    examples,
    network,
    preparation,
    stream,
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


def test_the_classes_shares_are_estimated_from_the_target() -> None:
    everything = examples(240, seed=2)
    # Class 2 is four times as rare as the others.
    rows = np.flatnonzero((everything.known_labels != 2) | (np.arange(240) < 60))
    target = everything.take(rows)
    shots = target.take(np.arange(30))
    uneven = {"unlabelled": target.without_labels(), "target": shots}
    shares = guess_from_neighbourhoods(preparation(network(), uneven)).class_shares()
    np.testing.assert_allclose(shares, [4 / 9, 4 / 9, 1 / 9], atol=0.08)
    assert shares.sum() == pytest.approx(1.0, rel=1e-5)


def shares_of(counts: list[int]) -> np.ndarray:
    scores = np.repeat(np.eye(len(counts), dtype=np.float32), counts, axis=0)
    return Guesses(np.arange(len(scores)), scores, scores).class_shares()


def test_a_class_that_no_image_seems_to_be_of_keeps_a_share() -> None:
    shares = shares_of([50, 50, 0])
    assert 0 < shares[2] < 0.05
    assert shares.sum() == pytest.approx(1.0, rel=1e-5)


def test_differences_that_wrong_guesses_explain_count_as_none() -> None:
    np.testing.assert_allclose(shares_of([104, 100, 96]), 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(shares_of([400, 100, 100]), [2 / 3, 1 / 6, 1 / 6], atol=0.01)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 40), st.floats(0.05, 1.0), st.integers(0, 2**31 - 1))
def test_each_class_keeps_its_surest_share(rows: int, share: float, seed: int) -> None:
    scores = np.random.default_rng(seed).dirichlet(np.ones(CLASSES), rows)
    kept = surest_of_each_class(scores, share)
    best, ordered = scores.argmax(axis=1), np.sort(scores, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    for label in np.unique(best):
        members = best == label
        assert kept[members].sum() == np.ceil(share * members.sum())
        assert not np.any(members & ~kept) or (
            margins[members & kept].min() >= margins[members & ~kept].max()
        )


def pseudo_loss(part: PseudoLabels, row: int, label: int) -> float:
    """The loss of one example whose logits say nothing but `label`."""
    streams = {"unlabelled": stream(logits=30.0 * np.eye(CLASSES)[[label]], rows=[row])}
    return float(part.losses(streams, tf.constant(PROGRESS))["pseudo_cross_entropy"])


def prepared(kept_share: float, shots: int = 1) -> PseudoLabels:
    part = PseudoLabels(weight=2.0, kept_share=kept_share)
    part.prepare(preparation(network(), domains(shots)))
    return part


def test_each_image_that_is_kept_has_one_label_and_the_others_weigh_nothing() -> None:
    part, count = prepared(kept_share=0.5), len(domains()["unlabelled"])
    losses = np.array(
        [[pseudo_loss(part, row, label) for label in range(CLASSES)] for row in range(count)]
    )
    is_kept = losses.max(axis=1) > 0
    assert 0.5 * count <= is_kept.sum() < 0.5 * count + CLASSES
    # A sure wrong answer costs 30 nats, times the weight, times all images over those kept.
    expected = 30.0 * 2.0 * count / is_kept.sum()
    np.testing.assert_allclose(np.sort(losses[is_kept])[:, 1:], expected, rtol=1e-4)
    np.testing.assert_allclose(losses[is_kept].min(axis=1), 0.0, atol=1e-4)


def test_shots_spread_their_labels() -> None:
    def accuracy(shots: int) -> float:
        part, data = prepared(kept_share=1.0, shots=shots), domains(shots=8)
        truth = data["target"].known_labels
        losses = [
            [pseudo_loss(part, row, label) for label in range(CLASSES)] for row in range(len(truth))
        ]
        return float(np.mean(np.argmin(losses, axis=1) == truth))

    # The network knows nothing yet: what is right comes from the shots.
    assert accuracy(shots=8) > 0.9 > 0.7 > accuracy(shots=0)


@pytest.mark.parametrize("part", [PseudoLabels(1.0, 0.5), InformationMaximization(1.0)])
def test_losses_before_preparing_are_refused(part: Objective) -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        part.losses({}, tf.constant(PROGRESS))


@pytest.mark.parametrize(
    ("loss", "parts"),
    [("pseudo_labels", {"pseudo_cross_entropy"}), ("information", {"entropy", "imbalance"})],
)
def test_the_settings_choose_what_is_learned_from_unlabelled_images(
    loss: str, parts: set[str], tmp_path: Path
) -> None:
    settings = SelfTrainingSettings(loss=loss)  # type: ignore[arg-type]
    _, outcome = train(SelfTraining(context(self_training=settings)), domains(), tmp_path)
    labelled = {"source_cross_entropy", "target_cross_entropy"}
    assert set(outcome.losses) == {"loss", *labelled, *parts}


def test_information_makes_the_network_surer_of_the_target(tmp_path: Path) -> None:
    data = domains(shots=0)

    def entropy(weight: float) -> float:
        settings = SelfTrainingSettings(loss="information", weight=weight)
        method = SelfTraining(context(self_training=settings))
        model, _ = train(method, data, tmp_path / str(weight))
        shares = tf.nn.softmax(network_outputs(model, data["unlabelled"].images).logits)
        return float(-tf.reduce_mean(tf.reduce_sum(shares * tf.math.log(shares), axis=-1)))

    assert entropy(3.0) < entropy(0.0)
