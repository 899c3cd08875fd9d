"""LogME: the evidence for a linear model of the labels on the pretrained features."""

from __future__ import annotations

import numpy as np

_ITERATIONS = 100
_TOLERANCE = 1e-4  # relative change of the prior's precision per noise precision
_LEAST_PRIOR = 1e-12  # where all features are zero, any prior gives the same evidence
_LEAST = 1e-5  # keeps both precisions finite where the labels are fitted exactly


def log_me(features: np.ndarray, labels: np.ndarray) -> float:
    """Computes the log of the maximum evidence per label and class.

    For each class, membership is regressed on the features by Bayesian linear regression, with the
    precisions of weights and noise that make the labels most likely. Unlike the likelihood at the
    best weights, evidence does not grow by overfitting.

    Args:
        features: float [N, D]; the pretrained model's.
        labels: int [N]; the target's classes.

    Returns:
        Mean over the classes of log evidence / N; higher is better.

    Raises:
        ValueError: There is no example, or the lengths differ.

    References:
        You, Liu, Wang, Long. LogME: Practical assessment of pre-trained models for transfer
        learning. ICML 2021, section 4 and algorithm 1.

    Example:
        >>> labels = np.arange(20) % 2
        >>> noise = np.random.default_rng(0).normal(size=(20, 1))
        >>> log_me(labels[:, None] + 0.01 * noise, labels) > log_me(noise, labels)
        True
    """
    if len(labels) == 0 or len(features) != len(labels):
        raise ValueError(f"{len(features)} features for {len(labels)} labels.")
    left, singular, _ = np.linalg.svd(np.asarray(features, np.float64), full_matrices=False)
    classes = np.unique(labels)
    evidences = [
        _log_evidence(left, singular, (labels == label).astype(np.float64), features.shape[1])
        for label in classes
    ]
    return float(np.mean(evidences))


def _log_evidence(left: np.ndarray, singular: np.ndarray, target: np.ndarray, width: int) -> float:
    """Maximises the evidence over both precisions by MacKay's fixed point; returns it per label."""
    count = len(target)
    squared = singular**2
    projected = (left.T @ target) ** 2
    beyond = max(0.0, float(target @ target - projected.sum()))
    prior = noise = 1.0
    for _ in range(_ITERATIONS):
        scale = prior + noise * squared
        determined = float(np.sum(noise * squared / scale))
        weights = float(np.sum(noise**2 * squared * projected / scale**2))
        residual = float(np.sum(prior**2 * projected / scale**2)) + beyond
        before = prior / noise
        prior = max(determined / (weights + _LEAST), _LEAST_PRIOR)
        noise = (count - determined) / (residual + _LEAST)
        if abs(prior / noise - before) <= _TOLERANCE * before:
            break
    return log_evidence(squared, projected, beyond, count, width, prior, noise) / count


def log_evidence(
    squared: np.ndarray,
    projected: np.ndarray,
    beyond: float,
    count: int,
    width: int,
    prior: float,
    noise: float,
) -> float:
    """Computes the log evidence of one regression at given precisions.

    Args:
        squared: [R]; squared singular values of the features.
        projected: [R]; squares of the target in the left singular vectors.
        beyond: Square of the target outside of these.
        count: N.
        width: D.
        prior: Precision of the weights, above 0.
        noise: Precision of the noise, above 0.

    Returns:
        log p(target | features, prior, noise).
    """
    scale = prior + noise * squared
    weights = float(np.sum(noise**2 * squared * projected / scale**2))
    residual = float(np.sum(prior**2 * projected / scale**2)) + beyond
    log_determinant = float(np.sum(np.log(scale))) + (width - len(squared)) * np.log(prior)
    return 0.5 * float(
        count * np.log(noise / (2.0 * np.pi))
        + width * np.log(prior)
        - noise * residual
        - prior * weights
        - log_determinant
    )
