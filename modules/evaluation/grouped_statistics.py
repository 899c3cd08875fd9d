"""Statistics of examples that come in groups: characters by writer, frames by video.

Groups are independent of each other; the examples of one group need not be. So a group is one
piece of evidence, however many examples it has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from modules.evaluation.paired_statistics import (
    RESAMPLES,
    BootstrapDifference,
    Interval,
    wilson_interval,
)

Ints = npt.NDArray[np.int64]

# Resamples times groups that are drawn at once.
_DRAWN_AT_ONCE = 10_000_000


@dataclass(frozen=True, eq=False)
class GroupTotals:
    """Something about each example, summed over the examples of each group.

    Attributes:
        sums: int64 [G], such as right answers, or answers fixed minus answers broken.
        sizes: int64 [G], examples in each group, at least 1.
    """

    sums: Ints
    sizes: Ints

    @classmethod
    def of(cls, values: npt.NDArray[np.integer], groups: Ints) -> GroupTotals:
        """Sums values by group.

        Args:
            values: int [N], one for each example.
            groups: int64 [N], the number of each example's group; numbers may be left out.

        Example:
            >>> totals = GroupTotals.of(np.array([1, 0, -1, 1]), np.array([0, 0, 2, 0]))
            >>> totals.sums.tolist(), totals.sizes.tolist()
            ([2, -1], [3, 1])
        """
        sizes = np.bincount(groups)
        sums = np.zeros(len(sizes), np.int64)
        np.add.at(sums, groups, values)
        present = sizes > 0
        return cls(sums[present], sizes[present].astype(np.int64))

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(self.sizes)

    @property
    def effective_count(self) -> float:
        """As many groups of equal size say as much: Kish's number, `count` if all are equal.

        References:
            Kish. Survey Sampling. Wiley 1965, section 8.2.
        """
        size = int(self.sizes.sum())
        return size**2 / int((self.sizes**2).sum()) if size else 0.0


def sign_flip_p_value(differences: GroupTotals) -> float:
    """Returns the two-sided p-value of the exact sign-flip test: is the sum by chance?

    If neither model is better, each group's difference might as well have the other sign. The
    p-value counts the choices of signs that are as extreme as what was observed, all of them. With
    one example in each group this is McNemar's exact test.

    Args:
        differences: Answers fixed minus answers broken, by group.

    Returns:
        A p-value within (0, 1]; 1 if the models never differ. K groups with a difference give at
        least 2 / 2^K.

    References:
        Fisher. The Design of Experiments. Oliver and Boyd 1935, section 21.
        Yang, Sun, Hardin. A note on the tests for clustered matched-pair binary data. Biometrical
        Journal 52(5), 2010: the statistic, with its large-sample test.

    Example:
        >>> groups = GroupTotals(np.array([5, 4, 6, 5]), np.array([9, 9, 9, 9]))
        >>> sign_flip_p_value(groups)
        0.125
    """
    below, above = _sign_flip_tails(differences)
    return min(1.0, 2.0 * min(below, above))


def sign_flip_fall_p_value(differences: GroupTotals) -> float:
    """Returns the one-sided p-value of the sign-flip test: does the candidate break more?"""
    below, _ = _sign_flip_tails(differences)
    return below


def least_sign_flip_fall_p_value(differences: GroupTotals) -> float:
    """Returns the smallest `sign_flip_fall_p_value` for as many groups with a difference."""
    return 0.5 ** int(np.count_nonzero(differences.sums))


def _sign_flip_tails(differences: GroupTotals) -> tuple[float, float]:
    """Chances of a sum at most as high, and at least as high, as the observed one."""
    sizes = np.abs(differences.sums)
    positive = int(differences.sums[differences.sums > 0].sum())
    # chances[s]: of positive signs on differences that sum up to s.
    chances = np.ones(1)
    for size, groups in zip(*np.unique(sizes[sizes > 0], return_counts=True), strict=True):
        wider = np.zeros(len(chances) + int(size * groups))
        for flipped, chance in enumerate(stats.binom.pmf(np.arange(groups + 1), groups, 0.5)):
            wider[flipped * size : flipped * size + len(chances)] += chance * chances
        chances = wider
    below, above = chances[: positive + 1].sum(), chances[positive:].sum()
    return min(1.0, float(below)), min(1.0, float(above))


def group_interval(totals: GroupTotals, confidence: float = 0.95) -> Interval:
    """Returns the interval of a mean over examples, from the spread between the groups.

    It inverts a t test: a mean is outside if the groups' sums lie too far, and too evenly, on one
    side of it. Where all groups have the same size this is the t interval of the groups' means.
    Groups of unequal size count as their effective number.

    Args:
        totals: A sum over each group's examples.
        confidence: Coverage, in (0, 1).

    Returns:
        Lower and upper bound; without bounds if there is but one group.

    References:
        Cochran. Sampling Techniques. 3rd edition, Wiley 1977, sections 6.3 and 9A.2: means of
        clusters as ratios.
        Fieller. Some problems in interval estimation. Journal of the Royal Statistical Society B
        16(2), 1954.
    """
    groups = totals.effective_count
    if groups <= 1.0 + 1e-9:
        return -math.inf, math.inf
    critical = _t_critical(groups, confidence) ** 2
    # The same threshold for the square of the sum over the sum of squares.
    threshold = groups * critical / (groups - 1.0 + critical)
    sums, sizes = totals.sums.astype(float), totals.sizes.astype(float)
    square = sizes.sum() ** 2 - threshold * (sizes**2).sum()
    half = sums.sum() * sizes.sum() - threshold * (sums * sizes).sum()
    rest = sums.sum() ** 2 - threshold * (sums**2).sum()
    root = math.sqrt(max(0.0, half**2 - square * rest))
    return (half - root) / square, (half + root) / square


def widened(found: Interval, by_group: Interval, lowest: float) -> Interval:
    """Joins the interval of independent examples with that of groups.

    Groups can only weaken the evidence. Where by chance they all agree, they seem to leave no
    doubt; the interval of independent examples still does.

    Args:
        found: For examples that stand for themselves.
        by_group: From the spread between groups; it may have no bounds.
        lowest: Least value that is possible; the highest is 1.
    """
    return max(lowest, min(found[0], by_group[0])), min(1.0, max(found[1], by_group[1]))


def accuracy_interval(
    right: npt.NDArray[np.bool_], groups: Ints | None, confidence: float = 0.95
) -> Interval:
    """Returns the interval of an accuracy: Wilson's, and with groups no narrower than theirs.

    Args:
        right: Which answers are right, bool [N].
        groups: Number of each example's group, int64 [N]; None where each stands for itself.
        confidence: Coverage, in (0, 1).
    """
    interval = wilson_interval(int(np.count_nonzero(right)), len(right), confidence)
    if groups is None:
        return interval
    by_group = GroupTotals.of(right.astype(np.int64), groups)
    return widened(interval, group_interval(by_group, confidence), 0.0)


def group_bootstrap(
    differences: GroupTotals, confidence: float = 0.95, seed: int = 0
) -> BootstrapDifference:
    """Bootstraps the mean over examples by drawing whole groups.

    The percentiles are widened as a t interval is wider than a normal one: those of a bootstrap of
    few groups are too narrow.

    References:
        Davison, Hinkley. Bootstrap Methods and their Application. Cambridge University Press 1997,
        section 3.8: resampling whole groups.
        Hesterberg. What teachers should know about the bootstrap. The American Statistician 69(4),
        2015, section 5.2: expanded percentiles.
    """
    groups = differences.effective_count
    if groups <= 1.0 + 1e-9:
        return BootstrapDifference((-math.inf, math.inf), 1.0)
    means = _resampled_means(differences, np.random.default_rng(seed))
    wider = math.sqrt(groups / (groups - 1.0))
    outside = float(special.ndtr(-wider * _t_critical(groups, confidence)))
    low, high = np.quantile(means, [outside, 1.0 - outside])
    tail = min(int((means <= 0.0).sum()), int((means >= 0.0).sum()))
    share = min(0.5, (tail + 1) / (len(means) + 1))
    distance = float(special.ndtri(share)) / wider
    return BootstrapDifference(
        interval=(float(low), float(high)),
        p_value=min(1.0, 2.0 * float(special.stdtr(groups - 1.0, distance))),
    )


def _resampled_means(totals: GroupTotals, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    rows = max(1, _DRAWN_AT_ONCE // totals.count)
    means = []
    for begin in range(0, RESAMPLES, rows):
        shape = min(rows, RESAMPLES - begin), totals.count
        drawn = rng.integers(totals.count, size=shape)
        means.append(totals.sums[drawn].sum(axis=1) / totals.sizes[drawn].sum(axis=1))
    return np.concatenate(means)


def _t_critical(groups: float, confidence: float) -> float:
    return float(special.stdtrit(groups - 1.0, (1.0 + confidence) / 2.0))
