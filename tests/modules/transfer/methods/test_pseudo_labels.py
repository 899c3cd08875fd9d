"""The network fits its own confident predictions of unlabelled images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.settings.methods import PseudoLabelsSettings
from modules.transfer.losses.pseudo_labels import PseudoLabelLoss, surest_of_each_class
from modules.transfer.methods.pseudo_labels import PseudoLabels
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


def pseudo_loss(part: PseudoLabelLoss, row: int, label: int) -> float:
    """The loss of one example whose logits say nothing but `label`."""
    streams = {"unlabelled": stream(logits=30.0 * np.eye(CLASSES)[[label]], rows=[row])}
    return float(part.losses(streams, tf.constant(PROGRESS))["pseudo_cross_entropy"])


def prepared(kept_share: float, shots: int = 1) -> PseudoLabelLoss:
    part = PseudoLabelLoss(weight=2.0, kept_share=kept_share)
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


def test_losses_before_preparing_are_refused() -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        PseudoLabelLoss(1.0, 0.5).losses({}, tf.constant(PROGRESS))


def test_it_trains_on_labels_and_on_pseudo_labels(tmp_path: Path) -> None:
    settings = PseudoLabelsSettings(kept_share=0.5)
    _, outcome = train(PseudoLabels(context(pseudo_labels=settings)), domains(), tmp_path)
    labelled = {"source_cross_entropy", "target_cross_entropy"}
    assert set(outcome.losses) == {"loss", *labelled, "pseudo_cross_entropy"}
