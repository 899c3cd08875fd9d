"""Pseudo-labels: the restored network's confident predictions of unlabelled target images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from modules.core.untracked import Untracked
from modules.training.objectives import UNLABELLED, Objective, Preparation, Stream
from modules.transfer.losses.guessed_labels import GuessedLabels
from modules.transfer.losses.neighbourhood_guesses import guess_from_neighbourhoods

# Added to predicted probabilities, so that neighbours can outvote a sure but wrong network.
_DOUBT = 0.01


class PseudoLabelLoss(Objective):
    """Cross-entropy on unlabelled images with labels that were guessed before the training.

    The network's probabilities are spread over nearest neighbours in feature space, labelled shots
    included, and multiplied by the probabilities again. Of each class the surest share is kept.

    Reference: Lee, Pseudo-Label, ICML 2013 Workshops, section 2; Iscen et al., Label Propagation
    for Deep Semi-Supervised Learning, CVPR 2019, section 4.

    Args:
        weight: Factor of the loss.
        kept_share: Share of each class to keep, in (0, 1].
    """

    def __init__(self, weight: float, kept_share: float) -> None:
        super().__init__(name="pseudo_label_loss")
        self.weight = weight
        self.kept_share = kept_share
        # Computed from the data, the labels do not belong in checkpoints.
        self._labels: Untracked[GuessedLabels] | None = None

    def prepare(self, preparation: Preparation) -> None:
        """Guesses the labels."""
        guesses = guess_from_neighbourhoods(preparation)
        scores = guesses.propagated * (guesses.probabilities + _DOUBT)
        kept = surest_of_each_class(scores, self.kept_share)
        total = len(preparation.examples[UNLABELLED])
        self._labels = Untracked(GuessedLabels(scores, guesses.rows, kept, total))

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the mean over the images that have a label, in expectation over batches."""
        if self._labels is None:
            raise RuntimeError("Pseudo-labels are guessed by prepare().")
        mean = self._labels.value.cross_entropy(streams[UNLABELLED])
        return {"pseudo_cross_entropy": self.weight * mean}


def surest_of_each_class(scores: np.ndarray, share: float) -> np.ndarray:
    """Finds the rows whose best class is furthest ahead of the second, class by class.

    Args:
        scores: [N, K], at least 0.
        share: Share of each class's rows to keep, in (0, 1]; at least one row is kept.

    Returns:
        bool [N].

    Example:
        >>> surest_of_each_class(np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), 0.5).tolist()
        [True, False, True]
    """
    relative = scores / np.maximum(scores.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    ordered = np.sort(relative, axis=1)
    margins = ordered[:, -1] - ordered[:, -2] if scores.shape[1] > 1 else ordered[:, -1]
    best = np.argmax(scores, axis=1)
    kept = np.zeros(len(scores), bool)
    for label in np.unique(best):
        members = np.flatnonzero(best == label)
        count = int(np.ceil(share * len(members)))
        kept[members[np.argsort(-margins[members], kind="stable")[:count]]] = True
    return kept
