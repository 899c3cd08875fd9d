"""LEEP: how well the pretrained model's own predictions predict the target's labels."""

from __future__ import annotations

import numpy as np


def leep(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Computes the log expected empirical prediction.

    The pretrained model gives a distribution over source classes z for each target example. The
    joint distribution of z and the labels y gives p(y | z), and with it a target classifier without
    any training: the model draws z, and y is drawn given z. LEEP is the mean log-likelihood of the
    labels under that classifier.

    Args:
        probabilities: float [N, Z]; the pretrained model's distributions over its Z classes.
        labels: int [N]; the target's classes.

    Returns:
        At most 0; higher is better.

    Raises:
        ValueError: There is no example, or the lengths differ.

    References:
        Nguyen, Hassner, Seeger, Archambeau. LEEP: A new measure to evaluate transferability of
        learned representations. ICML 2020, section 3.

    Example:
        >>> leep(np.eye(3), np.array([2, 0, 1]))
        0.0
    """
    if len(labels) == 0 or len(probabilities) != len(labels):
        raise ValueError(f"{len(probabilities)} distributions for {len(labels)} labels.")
    probabilities = np.asarray(probabilities, np.float64)
    _, classes = np.unique(labels, return_inverse=True)
    joint = np.zeros((classes.max() + 1, probabilities.shape[1]))
    np.add.at(joint, classes, probabilities / len(labels))
    marginal = joint.sum(axis=0)
    # A source class that the model never predicts has no p(y | z), and none is needed.
    conditional = np.divide(joint, marginal, out=np.zeros_like(joint), where=marginal > 0.0)
    likelihood = np.sum(conditional[classes] * probabilities, axis=1)
    return float(np.mean(np.log(np.minimum(likelihood, 1.0))))
