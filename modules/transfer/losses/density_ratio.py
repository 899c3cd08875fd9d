"""The density ratio of two domains, by a classifier that tells their features apart."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

_SMALLEST_VARIANCE = 1e-6  # of a principal component, as a share of the greatest


def density_ratio(
    source: np.ndarray, target: np.ndarray, components: int, mixture: float
) -> np.ndarray:
    """Estimates how much denser the target is than the source, at each source example.

    The ratio is p_target / (mixture p_target + (1 - mixture) p_source): bounded, so that few
    examples never carry all the weight. The densities' ratio comes from a logistic regression that
    tells the domains apart, on principal components: in all of the features' dimensions a few
    hundred examples are always separable.

    Reference: Yamada et al., Relative Density-Ratio Estimation for Robust Distribution Comparison,
    NeurIPS 2011, section 2; Bickel et al., Discriminative Learning for Differing Training and Test
    Distributions, ICML 2007, section 3 (by a classifier).

    Args:
        source: [N, D], finite.
        target: [M, D], finite.
        components: Principal components to keep; fewer where the features have fewer.
        mixture: In (0, 1].

    Returns:
        float64 [N], in [0, 1 / mixture].

    Example:
        >>> source, target = np.array([[0.0], [0.1], [5.0]]), np.array([[5.0], [5.1]])
        >>> int(np.argmax(density_ratio(source, target, components=1, mixture=0.1)))
        2
    """
    rows = np.concatenate([source, target])
    if not np.ptp(rows, axis=0).any():
        return np.ones(len(source))
    rows = _principal_components(rows, components)
    is_target = np.repeat([0, 1], [len(source), len(target)])
    classifier = LogisticRegression(solver="newton-cholesky").fit(rows, is_target)
    log_odds = classifier.decision_function(rows[: len(source)])
    # Bounds keep exp finite; beyond them the bounded ratio no longer changes.
    ratio = np.exp(np.clip(log_odds + np.log(len(source) / len(target)), -50.0, 50.0))
    return ratio / (mixture * ratio + 1.0 - mixture)


def _principal_components(rows: np.ndarray, count: int) -> np.ndarray:
    """Projects to components of variance 1, float64 [N, at most `count`]."""
    centred = rows - rows.mean(axis=0, dtype=np.float64)
    pca = PCA(min(count, *rows.shape), whiten=True, svd_solver="covariance_eigh")
    projected = pca.fit_transform(centred)
    kept = pca.explained_variance_ > _SMALLEST_VARIANCE * pca.explained_variance_[0]
    return projected[:, kept]
