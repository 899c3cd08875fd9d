"""Propagated labels: what the shots' neighbourhoods say about unlabelled images."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.core.untracked import Untracked
from modules.training.objectives import UNLABELLED, Objective, Preparation, Stream, mean_over_batch
from modules.transfer.losses.guessed_labels import GuessedLabels
from modules.transfer.losses.information_maximization import divergence, entropies
from modules.transfer.losses.neighbourhood_guesses import guess_from_neighbourhoods
from modules.transfer.losses.pseudo_labels import surest_of_each_class


class PropagatedLabelLoss(Objective):
    """Cross-entropy on unlabelled images with labels that spread from the shots.

    The labels follow the nearest neighbours in the restored network's features. Unlike
    pseudo-labels, they do not depend on the network's predictions, which are worth little for
    classes that it has hardly seen. Of each class the surest share is kept.

    In the course of the training the labels fade, and the network's own predictions take over: on
    all images they are to become sure one by one, and together to follow the class shares that the
    labels suggest. By then the network knows the classes better than its restored features did.

    Reference: Iscen et al., Label Propagation for Deep Semi-Supervised Learning, CVPR 2019,
    section 4; Liang, Hu and Feng, Do We Really Need to Access the Source Data? (SHOT), ICML 2020,
    section 3.2, equations 3 and 4.

    Args:
        weight: Factor of the losses.
        kept_share: Share of each class to keep, in (0, 1].
    """

    def __init__(self, weight: float, kept_share: float) -> None:
        super().__init__(name="propagated_label_loss")
        self.weight = weight
        self.kept_share = kept_share
        # Computed from the data, the labels do not belong in checkpoints.
        self._labels: Untracked[tuple[GuessedLabels, tf.Tensor]] | None = None

    def prepare(self, preparation: Preparation) -> None:
        """Propagates the labels."""
        guesses = guess_from_neighbourhoods(preparation, from_shots_alone=True)
        kept = surest_of_each_class(guesses.propagated, self.kept_share)
        total = len(preparation.examples[UNLABELLED])
        labels = GuessedLabels(guesses.propagated, guesses.rows, kept, total)
        self._labels = Untracked((labels, tf.constant(guesses.class_shares())))

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the three weighted parts; each replica balances its own shard."""
        if self._labels is None:
            raise RuntimeError("Labels are propagated by prepare().")
        labels, shares = self._labels.value
        stream = streams[UNLABELLED]
        mean = labels.cross_entropy(stream)
        entropy = mean_over_batch(entropies(stream.logits))
        imbalance = tf.nn.scale_regularization_loss(divergence(stream.logits, shares))
        return {
            "propagated_cross_entropy": self.weight * (1.0 - progress) * mean,
            "entropy": self.weight * progress * entropy,
            "imbalance": self.weight * imbalance,
        }
