"""Proxy A-distance: how well a linear classifier tells the domains apart."""

from __future__ import annotations

import numpy as np
from scipy import linalg
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.model_selection import StratifiedKFold

FOLDS = 5
_FLOOR = 1e-12  # share of the mean variance; keeps the covariance of constant features regular


def proxy_a_distance(source: np.ndarray, target: np.ndarray, seed: int = 0) -> float:
    """Gives 2 (1 - 2 error) of a cross-validated domain classifier on features.

    The classifier is linear discriminant analysis with a shrunk covariance: quick, without a
    setting, and defined for more features than examples. Both domains count alike.

    Args:
        source: float [N, D], at least `FOLDS` rows.
        target: float [M, D], at least `FOLDS` rows.
        seed: Of the folds.

    Returns:
        0 where the domains cannot be told apart (below, by chance), 2 where they always can.

    Raises:
        ValueError: There are too few rows.

    References:
        Ben-David, Blitzer, Crammer, Pereira. Analysis of representations for domain adaptation.
        NIPS 2006, sections 3 and 4: the distance bounds the target's error, and its proxy.
        Ben-David, Blitzer, Crammer, Kulesza, Pereira, Vaughan. A theory of learning from
        different domains. Machine Learning 79, 2010, section 4.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(200, 3))
        >>> abs(proxy_a_distance(rows[:100], rows[100:])) < 0.5
        True
        >>> proxy_a_distance(rows[:100], rows[100:] + 10.0)
        2.0
    """
    if min(len(source), len(target)) < FOLDS:
        raise ValueError(f"{len(source)} and {len(target)} rows: {FOLDS} of each are needed.")
    rows = np.concatenate([source, target]).astype(np.float64)
    is_target = np.repeat([0, 1], [len(source), len(target)])
    wrong = np.zeros(len(rows), bool)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for fitted, held_out in folds.split(rows, is_target):
        direction, threshold = _discriminant(rows[fitted], is_target[fitted])
        wrong[held_out] = (rows[held_out] @ direction > threshold) != is_target[held_out]
    error = (wrong[is_target == 0].mean() + wrong[is_target == 1].mean()) / 2.0
    return float(2.0 * (1.0 - 2.0 * error))


def _discriminant(rows: np.ndarray, is_target: np.ndarray) -> tuple[np.ndarray, float]:
    """Fits the linear discriminant, with equal priors.

    Not scikit-learn's: its least squares by singular values take seconds where this takes a tenth.
    """
    means = np.stack([rows[is_target == domain].mean(axis=0) for domain in (0, 1)])
    within = rows - means[is_target]
    covariance = within.T @ within / len(within)
    level = np.trace(covariance) / len(covariance)
    shrinkage = ledoit_wolf_shrinkage(within, assume_centered=True) if level > 0.0 else 1.0
    shrunk = (1.0 - shrinkage) * covariance
    shrunk[np.diag_indices_from(shrunk)] += shrinkage * level + _FLOOR * (level or 1.0)
    direction = linalg.solve(shrunk, means[1] - means[0], assume_a="pos")
    return direction, float(direction @ means.mean(axis=0))
