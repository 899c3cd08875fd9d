"""Distances between two distributions given as counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import jensenshannon


@dataclass(frozen=True)
class Distance:
    """Distances between two distributions, both within [0, 1].

    Args:
        l_infinity: Largest difference between the shares of one value.
        jensen_shannon: Jensen-Shannon divergence in bits.
    """

    l_infinity: float
    jensen_shannon: float


def distribution_distance(
    source_counts: Sequence[int] | npt.NDArray[np.int64],
    target_counts: Sequence[int] | npt.NDArray[np.int64],
) -> Distance:
    """Measures how far two distributions are apart, as TFDV's skew comparators define it.

    Args:
        source_counts: Occurrences of each of K values in the source.
        target_counts: The same for the target.

    Raises:
        ValueError: The lengths differ, a count is negative or a domain has no examples.

    References:
        Lin. Divergence measures based on the Shannon entropy. IEEE Transactions on Information
        Theory 37(1), 1991, section 4.

    Example:
        >>> distribution_distance([5, 5], [10, 0]).l_infinity
        0.5
    """
    source, target = _shares(source_counts), _shares(target_counts)
    if len(source) != len(target):
        raise ValueError(f"{len(source)} source counts but {len(target)} target counts.")
    divergence = float(jensenshannon(source, target, base=2)) ** 2
    return Distance(
        l_infinity=float(np.abs(source - target).max()),
        # Equal distributions can give the root of a number just below zero.
        jensen_shannon=0.0 if np.isnan(divergence) else min(divergence, 1.0),
    )


def label_skew(
    source_counts: Mapping[str, Sequence[int]], target_counts: Mapping[str, Sequence[int]]
) -> dict[str, Distance]:
    """Measures the distance between label distributions, for each split that both domains fill.

    Args:
        source_counts: Examples of each class in the source, by split.
        target_counts: The same for the target.
    """
    return {
        split: distribution_distance(source_counts[split], counts)
        for split, counts in target_counts.items()
        if sum(source_counts.get(split, ())) > 0 and sum(counts) > 0
    }


def _shares(counts: Sequence[int] | npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    values = np.asarray(counts, dtype=np.float64)
    if values.ndim != 1 or (values < 0).any() or values.sum() <= 0:
        raise ValueError(f"Expected counts of one or more examples, found {counts!r}.")
    return values / values.sum()
