"""Finds labels that contradict those of the most similar images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

_NEIGHBOURS = 10
_SIGNIFICANCE, _STRICT = 0.01, 1e-4
_HARDLY_ABOVE = 1.3  # times as often as by chance
LEAST_AGREEMENT = 0.7  # below, neighbours are no judges of a single label


class Suspects(NamedTuple):
    """Examples whose labels look wrong.

    Attributes:
        rows: int64 [M], the most doubtful first.
        likely: int64 [M], the labels that their neighbours have.
        agreement: Share of all examples whose label is the one that most neighbours have; None
            where there are too few to say.
        are_unrelated: The labels as a whole say nothing about the images: neighbours share their
            labels no more often than by chance.
    """

    rows: npt.NDArray[np.int64]
    likely: npt.NDArray[np.int64]
    agreement: float | None = None
    are_unrelated: bool = False


def find_suspects(features: npt.NDArray[np.floating], labels: npt.NDArray[np.int64]) -> Suspects:
    """Judges each label by the labels of the nearest images, and all of them by how well that goes.

    The neighbours' votes never include the example's own, so they are out of sample, as confident
    learning asks for. It estimates from them how often each class is mistaken for each other one,
    and takes a label for wrong where another class is likelier than it usually is for its own.

    Args:
        features: [N, D], of the pretrained model.
        labels: int64 [N].

    References:
        Northcutt, Jiang, Chuang. Confident Learning: Estimating Uncertainty in Dataset Labels.
        JAIR 70, 2021, section 3; computed by cleanlab.
        Zhu, Dong, Liu. Detecting Corrupted Labels Without Training a Model to Predict. ICML 2022,
        section 3: votes of the nearest neighbours.
    """
    nothing = np.zeros(0, np.int64)
    present, relabelled = np.unique(labels, return_inverse=True)
    if len(present) < 2 or len(labels) <= _NEIGHBOURS:
        return Suspects(nothing, nothing)
    votes = _neighbour_votes(features, relabelled, len(present))
    agreeing = int((votes.argmax(axis=1) == relabelled).sum())
    chance = float(np.square(np.bincount(relabelled) / len(relabelled)).sum())
    p_value = float(binomtest(agreeing, len(labels), chance, alternative="greater").pvalue)
    agreement = agreeing / len(labels)
    # Neighbours share votes, so that shuffled labels may agree a little more often than by chance.
    level = _STRICT if agreement < _HARDLY_ABOVE * chance else _SIGNIFICANCE
    if p_value > level:
        return Suspects(nothing, nothing, agreement, are_unrelated=True)
    if agreement < LEAST_AGREEMENT:
        return Suspects(nothing, nothing, agreement)
    # Takes a second to import.
    from cleanlab.filter import find_label_issues

    rows = find_label_issues(
        relabelled,
        votes,
        return_indices_ranked_by="self_confidence",
        filter_by="both",
        n_jobs=1,
    )
    likely = present[votes.argmax(axis=1)]
    kept = np.array([row for row in rows if likely[row] != labels[row]], np.int64)
    return Suspects(kept, likely[kept], agreement)


def _neighbour_votes(
    features: npt.NDArray[np.floating], labels: npt.NDArray[np.int64], num_classes: int
) -> npt.NDArray[np.float64]:
    """Estimates each example's class probabilities from its neighbours' labels, [N, K]."""
    centred = features - features.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    directions = (centred / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    similar = directions @ directions.T
    np.fill_diagonal(similar, -np.inf)
    nearest = np.argpartition(-similar, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS]
    weights = np.maximum(np.take_along_axis(similar, nearest, axis=1), 0.0)
    votes = np.full((len(labels), num_classes), 1e-3)
    np.add.at(votes, (np.arange(len(labels))[:, np.newaxis], labels[nearest]), weights)
    return votes / votes.sum(axis=1, keepdims=True)
