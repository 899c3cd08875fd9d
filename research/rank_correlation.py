"""How well an estimate ranks an outcome, over pairs of a source and a target, with an interval."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Over = Literal["all pairs", "sources", "targets"]
OVER: tuple[Over, ...] = ("all pairs", "sources", "targets")

Table = npt.NDArray[np.float64]

RESAMPLES = 2000
_CONFIDENCE = 0.95


class RankCorrelation(NamedTuple):
    """Spearman's rank correlation, in [-1, 1], with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


def spearman(estimate: Table, outcome: Table, over: Over) -> float:
    """Computes Spearman's rank correlation over pairs, or its mean over targets or sources.

    Args:
        estimate: [S, T], of S sources and T targets.
        outcome: [S, T].
        over: `all pairs`; `sources` ranks the sources of one target at a time and averages over the
            targets; `targets` does it the other way round.

    Returns:
        In [-1, 1]. Targets (sources) for which either table is constant are left out; NaN if none
        is left.

    Example:
        >>> rows = np.array([[1.0, 2.0], [3.0, 9.0]])
        >>> round(spearman(rows, -rows, "all pairs"), 6)
        -1.0
    """
    lines = {
        "all pairs": lambda table: table.reshape(1, -1),
        "sources": lambda table: table.T,
        "targets": lambda table: table,
    }[over]
    # Calling scipy's spearmanr for each line makes the bootstrap three times slower.
    ranks = [rankdata(lines(table), axis=1) for table in (estimate, outcome)]
    first, second = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    defined = scale > 0
    if not defined.any():
        return float("nan")
    return float(np.mean((first * second).sum(axis=1)[defined] / scale[defined]))


def rank_correlation(
    estimate: Table, outcome: Table, over: Over, resamples: int = RESAMPLES
) -> RankCorrelation:
    """Computes Spearman's rank correlation with a bootstrap interval.

    Pairs that share a source or a target are not independent, so sources and targets are resampled
    separately.

    Reference: Owen, The Pigeonhole Bootstrap, Annals of Applied Statistics 1(2), 2007, section 3.

    Args:
        estimate: [S, T].
        outcome: [S, T].
        over: As for `spearman`.
        resamples: Number of bootstrap resamples; the seed is fixed.

    Returns:
        The correlation with its percentile interval.
    """
    rng = np.random.default_rng(0)
    sources, targets = estimate.shape
    values = []
    for _ in range(resamples):
        drawn = np.ix_(rng.integers(sources, size=sources), rng.integers(targets, size=targets))
        values.append(spearman(estimate[drawn], outcome[drawn], over))
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return RankCorrelation(spearman(estimate, outcome, over), float(low), float(high))
