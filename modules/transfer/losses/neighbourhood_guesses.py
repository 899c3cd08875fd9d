"""Guesses about unlabelled target images, made before any training on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from modules.training.objectives import TARGET, UNLABELLED, Preparation
from modules.transfer.losses.label_propagation import propagate_labels

# Largest number of images to guess for: propagation takes its square in memory and time.
_MOST_IMAGES = 4000
# How much an image's scores follow its neighbours. Labels of few images have a long way to go.
_NEAR, _FAR = 0.9, 0.99
# Root mean square error of the counts of guessed classes, relative to equal shares: up to 0.08 over
# generated shifts of MNIST.
_SHARE_ERROR = 0.1


@dataclass(frozen=True)
class Guesses:
    """Class scores of M unlabelled target images.

    Attributes:
        rows: int64 [M], ascending: which of the unlabelled images these are.
        probabilities: f32 [M, K], the restored network's probabilities.
        propagated: f32 [M, K], the probabilities spread over nearest neighbours in feature space,
            labelled shots included; each class has the same sum.
        possible: bool [K], the classes that the target has; the others have probability 0.
    """

    rows: np.ndarray
    probabilities: np.ndarray
    propagated: np.ndarray
    possible: np.ndarray

    def class_shares(self) -> np.ndarray:
        """Estimates the target's class shares, f32 [K], positive, with sum 1 up to rounding.

        Guessed classes are counted, and the counts shrunk towards equal shares as far as wrong
        guesses may explain their differences.

        Reference: Efron and Morris, Stein's Estimation Rule and Its Competitors, JASA 1973,
        section 2 (positive-part shrinkage).
        """
        classes = int(np.count_nonzero(self.possible))
        guessed = np.argmax(self.propagated[:, self.possible], axis=1)
        counts = np.bincount(guessed, minlength=classes)
        # One more of each, because a class that was not guessed may still exist.
        deviation = classes * (counts + 1) / (counts.sum() + classes) - 1.0
        spread = max(float(np.mean(deviation**2)), float(np.finfo(np.float64).tiny))
        trust = max(0.0, 1.0 - _SHARE_ERROR**2 / spread)
        shares = np.full(len(self.possible), np.finfo(np.float32).tiny)
        shares[self.possible] = (1.0 + trust * deviation) / classes
        return shares.astype(np.float32)


def guess_from_neighbourhoods(
    preparation: Preparation, *, from_shots_alone: bool = False
) -> Guesses:
    """Combines the network's predictions with the neighbourhoods of its features.

    Args:
        preparation: The restored network, the stream `unlabelled` and, if given, `target`.
        from_shots_alone: Leave out the network's predictions: only labels spread.

    Returns:
        The guesses for all unlabelled images, or for an even selection.
    """
    unlabelled = preparation.examples[UNLABELLED]
    count = min(len(unlabelled), _MOST_IMAGES)
    rows = np.linspace(0, len(unlabelled) - 1, count).astype(np.int64)
    outputs = preparation.outputs(UNLABELLED, unlabelled.images[rows])
    features, probabilities = outputs.features, np.asarray(tf.nn.softmax(outputs.logits))
    prior = np.zeros_like(probabilities) if from_shots_alone else probabilities
    if TARGET in preparation.examples:
        shots = preparation.examples[TARGET]
        known = np.eye(prior.shape[1], dtype=np.float32)[shots.known_labels]
        known_features = preparation.outputs(TARGET, shots.images).features
        features = np.concatenate([features, known_features])
        prior = np.concatenate([prior, known])
    possible = preparation.masks.get(UNLABELLED, np.zeros(prior.shape[1])) == 0.0
    share = _FAR if from_shots_alone else _NEAR
    propagated = propagate_labels(features, prior, share)[: len(rows)]
    return Guesses(rows, probabilities, propagated, possible)
