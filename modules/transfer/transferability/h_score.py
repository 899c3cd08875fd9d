"""H-score: how far apart the classes lie in the pretrained features."""

from __future__ import annotations

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage


def h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """Computes the H-score with a shrunk covariance.

    It is the trace of cov(f)^-1 cov(E[f | y]): the variance between the classes, relative to the
    total variance. With more features than examples the sample covariance has no inverse, and any
    labelling would get the highest score; shrinkage to a multiple of the identity counters that.

    Args:
        features: float [N, D]; the pretrained model's.
        labels: int [N]; the target's classes, with more examples than classes.

    Returns:
        From 0 up to the number of classes less one; higher is better.

    Raises:
        ValueError: The lengths differ, or no class has two examples.

    References:
        Bao, Li, Huang, Zhang, Zheng, Zamir, Guibas. An information-theoretic approach to
        transferability in task transfer learning. ICIP 2019, definition 2.
        Ibrahim, Ponomareva, Mazumder. Newer is not always better: Rethinking transferability
        metrics, their peculiarities, stability and performance. ECML 2022, section 3 (shrinkage).
        Ledoit, Wolf. A well-conditioned estimator for large-dimensional covariance matrices.
        Journal of Multivariate Analysis 88(2), 2004 (its amount).

    Example:
        >>> labels = np.arange(20) % 2
        >>> noise = np.random.default_rng(0).normal(size=(20, 1))
        >>> h_score(labels[:, None] + 0.01 * noise, labels) > h_score(noise, labels)
        True
    """
    if len(features) != len(labels):
        raise ValueError(f"{len(features)} features for {len(labels)} labels.")
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(labels) <= len(counts):
        raise ValueError(f"{len(labels)} labels of {len(counts)} classes: no class has two.")
    centred = np.asarray(features, np.float64) - features.mean(axis=0, dtype=np.float64)
    means = np.zeros((len(counts), centred.shape[1]))
    np.add.at(means, classes, centred)
    means /= counts[:, None]
    between = means * np.sqrt(counts / len(labels))[:, None]
    shrinkage = ledoit_wolf_shrinkage(centred, assume_centered=True)
    # N examples span N of the D features' directions at most, and the means of the classes lie
    # among these: in their own axes the covariance is diagonal.
    basis = np.linalg.qr(centred.T)[0]
    spanned = centred @ basis
    variances, axes = np.linalg.eigh(spanned.T @ spanned / len(labels))
    shrunk = (1.0 - shrinkage) * variances + shrinkage * variances.sum() / centred.shape[1]
    # Some features may be constant; the least-norm solution leaves them out.
    smallest = np.finfo(np.float64).eps * max(centred.shape) * shrunk.max()
    explained = (between @ basis @ axes)[:, shrunk > smallest] ** 2 / shrunk[shrunk > smallest]
    return float((1.0 - shrinkage) * explained.sum())
