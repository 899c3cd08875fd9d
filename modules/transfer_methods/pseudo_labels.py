"""Pseudo-labels: what the restored network makes of unlabelled target images, where it is sure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from modules.input_pipeline import PreprocessedExamples
from modules.network_outputs import network_outputs
from modules.objectives import TARGET, UNLABELLED, Objective, Preparation, Stream, mean_over_batch
from modules.transfer_methods.label_propagation import propagate_labels

# Images that get pseudo-labels, at most: propagation takes their number squared.
_MOST_IMAGES = 4000
# Added to predicted probabilities, so that a network that is sure and wrong can be outvoted.
_DOUBT = 0.01


class PseudoLabels(Objective):
    """Cross-entropy on unlabelled images with labels that were guessed before the training.

    The network's probabilities are spread over the images' nearest neighbours in feature space,
    with the labelled shots among them, and multiplied with the probabilities again. Of each class
    the surest share is kept.

    Reference: Lee, Pseudo-Label, ICML 2013 Workshops, section 2; Iscen et al., Label Propagation
    for Deep Semi-Supervised Learning, CVPR 2019, section 4.

    Args:
        weight: Factor of the loss.
        kept_share: Of each class, in (0, 1].
        num_classes: K.

    Example:
        >>> PseudoLabels(weight=1.0, kept_share=0.8, num_classes=10).kept_share
        0.8
    """

    def __init__(self, weight: float, kept_share: float, num_classes: int) -> None:
        super().__init__(name="pseudo_labels")
        self.weight = weight
        self.kept_share = kept_share
        self.num_classes = num_classes
        # Behind a function: computed from the data, the labels are not part of checkpoints.
        self._labels: Callable[[], tuple[tf.Tensor, tf.Tensor]] | None = None

    def prepare(self, preparation: Preparation) -> None:
        """Guesses the labels."""
        unlabelled = preparation.examples[UNLABELLED]
        rows = _evenly_spread(len(unlabelled), _MOST_IMAGES)
        outputs = network_outputs(preparation.network, unlabelled.images[rows])
        probabilities = np.asarray(tf.nn.softmax(outputs.logits))
        features, prior = self._with_shots(preparation, outputs.features, probabilities)
        scores = propagate_labels(features, prior)[: len(rows)] * (probabilities + _DOUBT)
        kept = surest_of_each_class(scores, self.kept_share)
        labels = np.zeros(len(unlabelled), np.int64)
        labels[rows] = np.argmax(scores, axis=1)
        weights = np.zeros(len(unlabelled), np.float32)
        weights[rows[kept]] = len(unlabelled) / np.count_nonzero(kept)
        tensors = tf.constant(labels), tf.constant(weights)
        self._labels = lambda: tensors

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the mean over the images that have a label, in expectation over batches."""
        if self._labels is None:
            raise RuntimeError("Pseudo-labels are guessed by prepare().")
        labels, weights = self._labels()
        stream = streams[UNLABELLED]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.gather(labels, stream.rows), stream.logits
        )
        mean = mean_over_batch(tf.gather(weights, stream.rows) * losses)
        return {"pseudo_cross_entropy": self.weight * mean}

    def _with_shots(
        self, preparation: Preparation, features: np.ndarray, prior: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        shots: PreprocessedExamples | None = preparation.examples.get(TARGET)
        if shots is None:
            return features, prior
        shot_features = network_outputs(preparation.network, shots.images).features
        known = np.eye(self.num_classes, dtype=np.float32)[shots.known_labels]
        return np.concatenate([features, shot_features]), np.concatenate([prior, known])


def surest_of_each_class(scores: np.ndarray, share: float) -> np.ndarray:
    """Finds the rows whose best class is furthest ahead of the second, class by class.

    Args:
        scores: [N, K], at least 0.
        share: Of the rows of each best class, in (0, 1]; at least one row of a class is kept.

    Returns:
        bool [N].
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


def _evenly_spread(total: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, total - 1, min(total, most)).astype(np.int64))
