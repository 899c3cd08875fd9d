"""Proxy A-distance: how well a linear classifier tells the domains apart."""

from __future__ import annotations

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_predict

FOLDS = 5


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
    classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    wrong = cross_val_predict(classifier, rows, is_target, cv=folds) != is_target
    error = (wrong[is_target == 0].mean() + wrong[is_target == 1].mean()) / 2.0
    return float(2.0 * (1.0 - 2.0 * error))
