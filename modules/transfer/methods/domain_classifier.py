"""A domain classifier on features, and the density ratio of the domains that it implies."""

from __future__ import annotations

import numpy as np

_RIDGE = 1.0
_NEWTON_STEPS = 25
_TOLERANCE = 1e-6
_SMALLEST_EIGENVALUE = 1e-6  # share of the greatest


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
    whitened = _principal_components(np.concatenate([source, target]), components)
    is_target = np.repeat([0.0, 1.0], [len(source), len(target)])
    log_odds = _logistic_log_odds(whitened, is_target)[: len(source)]
    # Bounds keep exp finite; beyond them the bounded ratio no longer changes.
    ratio = np.exp(np.clip(log_odds + np.log(len(source) / len(target)), -50.0, 50.0))
    return ratio / (mixture * ratio + 1.0 - mixture)


def _principal_components(rows: np.ndarray, count: int) -> np.ndarray:
    """Projects to components of variance 1, float64 [N, at most `count`]."""
    centred = np.asarray(rows, np.float64) - rows.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    kept = values > _SMALLEST_EIGENVALUE * max(values[0], np.finfo(np.float64).tiny)
    return centred @ (vectors[:, kept] / np.sqrt(values[kept]))


def _logistic_log_odds(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Fits ridge logistic regression by Newton's method; gives the rows' log odds, [N]."""
    design = np.column_stack([np.ones(len(rows)), rows])
    ridge = np.full(design.shape[1], _RIDGE)
    ridge[0] = 0.0
    prior = labels.mean()
    weights = np.zeros(design.shape[1])
    weights[0] = np.log(prior / (1.0 - prior))
    for _ in range(_NEWTON_STEPS):
        probabilities = 0.5 * (1.0 + np.tanh(0.5 * (design @ weights)))
        gradient = design.T @ (probabilities - labels) + ridge * weights
        curvature = probabilities * (1.0 - probabilities)
        hessian = (design * curvature[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < _TOLERANCE:
            break
    return design @ weights
