"""A linear probe: what the pretrained features are worth without training them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

# Inverse of the penalty, for features of unit length on average. Fixed beforehand: a choice would
# take labels, and the probe is for those who have few. On parts of MNIST's train split, with
# features of letters and 1, 5 and 10 shots, 3 to 1000 differ by about a point.
_INVERSE_PENALTY = 10.0
_MOST_ITERATIONS = 1000


class LinearProbe(NamedTuple):
    """A linear classifier of features.

    Attributes:
        kernel: f32 [D, K].
        bias: f32 [K].
    """

    kernel: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]


def fit_probe(features: npt.NDArray[np.floating], labels: npt.NDArray[np.int64]) -> LinearProbe:
    """Fits multinomial logistic regression with an L2 penalty to frozen features.

    The features are centred, and scaled by one factor so that their mean square length is 1; both
    are folded into the classifier, which takes the features as they are.

    Reference: Kumar et al., Fine-Tuning Can Distort Pretrained Features and Underperform
    Out-of-Distribution, ICLR 2022, section 2 (linear probing).

    Args:
        features: [N, D].
        labels: int64 [N]; each of 0 to K - 1, two or more, at least once.

    Example:
        >>> probe = fit_probe(np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 2]))
        >>> probe.kernel.shape, probe.bias.shape
        ((1, 3), (3,))
    """
    center = features.mean(axis=0, dtype=np.float64)
    centred = features - center
    length = np.sqrt(np.mean(np.sum(centred**2, axis=1)))
    scale = max(float(length), np.finfo(np.float64).tiny)
    regression = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MOST_ITERATIONS)
    # Several threads would add in another order each time.
    with threadpool_limits(1):
        regression.fit(centred / scale, labels)
    weights, biases = regression.coef_, regression.intercept_
    if len(biases) == 1:  # of two classes scikit-learn keeps the second's log-odds
        weights, biases = np.concatenate([-weights, weights]) / 2, np.array([-1, 1]) * biases / 2
    kernel = weights.T / scale
    return LinearProbe(kernel.astype(np.float32), (biases - center @ kernel).astype(np.float32))
