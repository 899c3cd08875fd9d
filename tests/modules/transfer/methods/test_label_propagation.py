"""The network fits labels that spread from the shots to unlabelled images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.settings.methods import LabelPropagationSettings
from modules.transfer.losses.propagated_labels import PropagatedLabelLoss
from modules.transfer.methods.label_propagation import LabelPropagation
from tests.modules.transfer.tiny_transfer import (
    CLASSES,
    PROGRESS,
    context,
    domains,
    network,
    preparation,
    stream,
    train,
)


def losses_by_label(part: PropagatedLabelLoss) -> np.ndarray:
    """For each unlabelled image and label, [M, K], the loss of logits that say that label alone."""
    count = len(domains()["unlabelled"])
    losses = np.zeros((count, CLASSES))
    for row in range(count):
        for label in range(CLASSES):
            sure = stream(logits=30.0 * np.eye(CLASSES)[[label]], rows=[row])
            named = part.losses({"unlabelled": sure}, tf.constant(PROGRESS))
            losses[row, label] = float(named["propagated_cross_entropy"])
    return losses


def test_labels_spread_from_the_shots_alone() -> None:
    """The network's own predictions, here all wrong, change nothing."""
    model, data = network(), domains(shots=4)
    # The truth of the shots, turned by one class, is what the network is made to say.
    model.named_variables["logits/bias"].assign([9.0, 0.0, 0.0])
    part = PropagatedLabelLoss(weight=1.0, kept_share=1.0)
    part.prepare(preparation(model, data))
    truth = domains(shots=8)["target"].known_labels
    assert np.mean(losses_by_label(part).argmin(axis=1) == truth) > 0.7


def test_the_surest_share_of_each_class_is_fitted_and_the_rest_weighs_nothing() -> None:
    part = PropagatedLabelLoss(weight=2.0, kept_share=0.5)
    part.prepare(preparation(network()))
    losses = losses_by_label(part)
    is_kept = losses.max(axis=1) > 0
    count = len(is_kept)
    assert 0.5 * count <= is_kept.sum() < 0.5 * count + CLASSES
    # A sure wrong answer costs 30 nats, times the weight, times all images over those kept, and
    # half of that after half of the steps.
    expected = 0.5 * 30.0 * 2.0 * count / is_kept.sum()
    np.testing.assert_allclose(np.sort(losses[is_kept])[:, 1:], expected, rtol=1e-4)


def test_a_class_that_the_target_does_not_have_is_never_guessed() -> None:
    data = domains(shots=4)
    shots = data["target"]
    data["target"] = shots.take(np.flatnonzero(shots.known_labels != 1))
    mask = np.array([0.0, -1e9, 0.0], np.float32)
    part = PropagatedLabelLoss(weight=1.0, kept_share=1.0)
    part.prepare(replace(preparation(network(), data), masks={"unlabelled": mask, "target": mask}))
    assert 1 not in losses_by_label(part).argmin(axis=1)


def test_the_labels_fade_and_the_networks_own_predictions_take_over() -> None:
    part = PropagatedLabelLoss(weight=1.0, kept_share=1.0)
    part.prepare(preparation(network()))
    unsure = {"unlabelled": stream(logits=np.zeros((1, CLASSES)), rows=[0])}
    first, last = (part.losses(unsure, tf.constant(progress)) for progress in (0.0, 1.0))
    assert float(first["entropy"]) == float(last["propagated_cross_entropy"]) == 0.0
    for loss in (first["propagated_cross_entropy"], last["entropy"]):
        assert float(loss) == pytest.approx(np.log(CLASSES))


def test_losses_before_preparing_are_refused() -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        PropagatedLabelLoss(1.0, 0.5).losses({}, tf.constant(PROGRESS))


def test_it_trains_on_labels_and_on_propagated_ones(tmp_path: Path) -> None:
    settings = LabelPropagationSettings(kept_share=0.5)
    _, outcome = train(LabelPropagation(context(label_propagation=settings)), domains(), tmp_path)
    labelled = {"source_cross_entropy", "target_cross_entropy"}
    unlabelled = {"propagated_cross_entropy", "entropy", "imbalance"}
    assert set(outcome.losses) == {"loss", *labelled, *unlabelled}
