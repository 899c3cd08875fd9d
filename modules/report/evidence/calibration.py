"""Calibration: whether a model is right as often as its confidence says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Answers in bins by confidence. Empty bins are left out.

    Attributes:
        confidence: Mean confidence in each bin, float64 [B].
        accuracy: Share of right answers in each bin, float64 [B].
        counts: Answers in each bin, int64 [B].
    """

    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]

    @property
    def expected_calibration_error(self) -> float:
        """Mean distance of accuracy from confidence over all answers, in [0, 1]."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.average(gaps, weights=self.counts))

    @property
    def overconfidence(self) -> float:
        """Mean confidence minus accuracy over all answers, in [-1, 1]."""
        return float(np.average(self.confidence - self.accuracy, weights=self.counts))


def reliability(confidence: npt.NDArray[np.floating], right: npt.NDArray[np.bool_]) -> Reliability:
    """Sorts answers into ten bins of equal width.

    Args:
        confidence: Probability of the predicted class, [N], in [0, 1]; N >= 1.
        right: Whether each answer is right, bool [N].

    Returns:
        The bins that are not empty.

    References:
        Guo, Pleiss, Sun, Weinberger. On calibration of modern neural networks. ICML 2017,
        section 2.

    Example:
        >>> reliability(np.array([0.9, 0.9]), np.array([True, False])).overconfidence
        0.4
    """
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    full = counts > 0
    sums = np.bincount(bins, weights=confidence, minlength=_BINS)
    hits = np.bincount(bins, weights=right, minlength=_BINS)
    return Reliability(sums[full] / counts[full], hits[full] / counts[full], counts[full])
