"""The network learns from its own predictions on unlabelled target images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.network_outputs import network_outputs
from modules.settings import SelfTrainingSettings
from modules.transfer_methods.information_maximization import InformationMaximization
from modules.transfer_methods.pseudo_labels import PseudoLabels, surest_of_each_class
from modules.transfer_methods.self_training import SelfTraining
from tests.modules.transfer_methods.tiny_transfer import (
    CLASSES,
    PROGRESS,
    context,
    domains,
    network,
    preparation,
    stream,
    train,
)


def information(logits: np.ndarray, weight: float = 1.0) -> dict[str, float]:
    part = InformationMaximization(weight)
    losses = part.losses({"unlabelled": stream(logits=logits)}, tf.constant(PROGRESS))
    return {name: float(loss) for name, loss in losses.items()}


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 12), st.floats(0.1, 20.0), st.integers(0, 2**31 - 1))
def test_information_is_bounded_by_what_the_classes_can_tell(
    rows: int, scale: float, seed: int
) -> None:
    logits = scale * np.random.default_rng(seed).normal(size=(rows, CLASSES))
    total = sum(information(logits).values())
    assert -np.log(CLASSES) - 1e-4 <= total <= 1e-4


def test_sure_and_balanced_predictions_have_the_least_loss() -> None:
    sure = 30.0 * np.eye(CLASSES)
    assert information(sure) == pytest.approx(
        {"entropy": 0.0, "imbalance": -np.log(CLASSES)}, abs=1e-5
    )
    unsure, same = np.zeros([3, CLASSES]), np.repeat(sure[:1], 3, axis=0)
    assert information(unsure)["entropy"] == pytest.approx(np.log(CLASSES), rel=1e-5)
    assert information(same)["imbalance"] == pytest.approx(0.0, abs=1e-5)


def test_the_weight_is_a_factor() -> None:
    logits = np.random.default_rng(0).normal(size=(4, CLASSES))
    assert information(logits, 0.5) == pytest.approx(
        {name: 0.5 * loss for name, loss in information(logits).items()}
    )


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
    part = PseudoLabels(weight=2.0, kept_share=kept_share, num_classes=CLASSES)
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


def test_pseudo_labels_before_preparing_are_refused() -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        PseudoLabels(1.0, 0.5, CLASSES).losses({}, tf.constant(PROGRESS))


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
