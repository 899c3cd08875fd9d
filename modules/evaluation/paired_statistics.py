"""Statistics of two models that answered the same examples, from counts alone.

`fixed` counts the examples that only the candidate got right, `broken` those that only the
baseline got right. All other examples say nothing about the difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

Interval = tuple[float, float]

RESAMPLES = 10_000


def wilson_interval(correct: int, total: int, confidence: float = 0.95) -> Interval:
    """Returns the score interval of an accuracy.

    Args:
        correct: Right answers.
        total: All answers. With none, the interval is (0, 1).
        confidence: Coverage, in (0, 1).

    Returns:
        Lower and upper bound, within [0, 1].

    References:
        Wilson. Probable inference, the law of succession, and statistical inference. Journal of
        the American Statistical Association 22, 1927.
        Brown, Cai, DasGupta. Interval estimation for a binomial proportion. Statistical Science
        16(2), 2001: recommends it.
    """
    _check_counts(correct, 0, total)
    if total == 0:
        return 0.0, 1.0
    interval = stats.binomtest(correct, total).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def mcnemar_p_value(fixed: int, broken: int) -> float:
    """Returns the two-sided p-value of McNemar's exact test: are `fixed` and `broken` alike?

    Returns:
        A p-value within (0, 1]; 1 if the models never differ.

    References:
        McNemar. Note on the sampling error of the difference between correlated proportions or
        percentages. Psychometrika 12(2), 1947; exact form: binomial with probability 1/2.
        Dietterich. Approximate statistical tests for comparing supervised classification
        learning algorithms. Neural Computation 10(7), 1998: recommends it for one test set.
    """
    return min(1.0, 2.0 * _binomial_tail(min(fixed, broken), fixed + broken))


def fall_p_value(fixed: int, broken: int) -> float:
    """Returns the one-sided p-value of McNemar's exact test: does the candidate break more?

    Returns:
        The chance that at least as many of the differing answers are broken if both models are
        equally good.
    """
    return _binomial_tail(fixed, fixed + broken)


def least_fall_p_value(fixed: int, broken: int) -> float:
    """Returns the smallest `fall_p_value` that is possible for as many differing answers."""
    return _binomial_tail(0, fixed + broken)


def difference_interval(fixed: int, broken: int, total: int, confidence: float = 0.95) -> Interval:
    """Returns Tango's score interval of the difference between two paired accuracies.

    It inverts the score test of every difference. At 0 it agrees with the asymptotic McNemar test,
    at any margin with Tango's non-inferiority test. Unlike Wald's interval it neither collapses
    when the models agree everywhere nor leaves [-1, 1].

    Args:
        total: All examples, at least 1.
        confidence: Coverage, in (0, 1).

    Returns:
        Lower and upper bound of candidate minus baseline accuracy.

    References:
        Tango. Equivalence test and confidence interval for the difference in proportions for the
        paired-sample design. Statistics in Medicine 17, 1998, sections 2 and 3.
        Fagerland, Lydersen, Laake. Recommended tests and confidence intervals for paired binomial
        proportions. Statistics in Medicine 33, 2014: compares it with nine others.

    Example:
        >>> low, high = difference_interval(fixed=63, broken=2, total=899)
        >>> round(low, 3), round(high, 3)
        (0.052, 0.087)
    """
    _check_counts(fixed, broken, total)
    critical = float(special.ndtri((1.0 + confidence) / 2.0))
    estimate = (fixed - broken) / total

    def bound(end: float, target: float) -> float:
        if estimate == end:
            return end
        # At the very end, the variance is 0 and the score infinite, with the sign that brackets.
        inside = end * (1.0 - 1e-12)
        return float(
            optimize.brentq(
                lambda difference: _score(difference, fixed, broken, total) - target,
                *sorted((estimate, inside)),
                xtol=1e-12,
            )
        )

    return bound(-1.0, critical), bound(1.0, -critical)


def _score(difference: float, fixed: int, broken: int, total: int) -> float:
    """Returns Tango's score statistic (equation 6) for a hypothesised difference."""
    linear = -fixed - broken + (2 * total - fixed + broken) * difference
    constant = -broken * difference * (1.0 - difference)
    root = math.sqrt(max(0.0, linear * linear - 8.0 * total * constant))
    # The maximum of the likelihood under the hypothesis, in the form that does not cancel.
    share = -2.0 * constant / (root + linear) if linear > 0 else (root - linear) / (4.0 * total)
    variance = total * (2.0 * share + difference * (1.0 - difference))
    numerator = fixed - broken - total * difference
    if variance <= 0.0:
        return math.copysign(math.inf, numerator) if numerator else 0.0
    return numerator / math.sqrt(variance)


@dataclass(frozen=True)
class BootstrapDifference:
    """Result of a paired bootstrap: interval of the difference and two-sided p-value."""

    interval: Interval
    p_value: float


def bootstrap_difference(
    fixed: int, broken: int, total: int, confidence: float = 0.95, seed: int = 0
) -> BootstrapDifference:
    """Resamples the examples with both models' answers, and compares the accuracies.

    Resampling examples means drawing the three counts from a multinomial distribution. One
    pseudo-example in each discordant cell (Bonett and Price's adjustment) keeps the interval from
    collapsing, and the test from being too sure, when only a few answers differ.

    Args:
        total: All examples, at least 1.
        confidence: Coverage of the percentile interval, in (0, 1).
        seed: Seed of the resampling.

    Returns:
        The interval of candidate minus baseline accuracy, and its p-value.

    References:
        Efron, Tibshirani. An Introduction to the Bootstrap. Chapman & Hall 1993, sections 13.3
        and 15.4.
        Bonett, Price. Adjusted Wald confidence interval for a difference of binomial proportions
        based on paired data. Journal of Educational and Behavioral Statistics 37, 2012.
    """
    _check_counts(fixed, broken, total)
    shares = np.array([fixed + 1, broken + 1, total - fixed - broken]) / (total + 2)
    counts = np.random.default_rng(seed).multinomial(total, shares, size=RESAMPLES)
    differences = (counts[:, 0] - counts[:, 1]) / total
    low, high = np.quantile(differences, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    tail = min(int((differences <= 0.0).sum()), int((differences >= 0.0).sum()))
    return BootstrapDifference(
        interval=(float(low), float(high)),
        p_value=min(1.0, 2.0 * (tail + 1) / (RESAMPLES + 1)),
    )


@dataclass(frozen=True)
class FamilyRejections:
    """Which of several hypotheses are rejected together.

    Attributes:
        adjusted: Each p-value times the number of hypotheses that it competed with, at most 1. A
            hypothesis is rejected if this is below the level.
        competitors: That number for the hypotheses that are not rejected, at least 1.
    """

    adjusted: list[float]
    competitors: int


def tarone_rejections(
    p_values: Sequence[float], least_p_values: Sequence[float], level: float
) -> FamilyRejections:
    """Tests several hypotheses by discrete tests, with one level for any false alarm.

    A discrete test cannot return every p-value: for 3 answers that differ, the exact McNemar test
    returns at least 1/8. A hypothesis that no outcome could reject costs no level. As in Holm's
    procedure, each step leaves the remaining hypotheses with fewer competitors.

    Args:
        p_values: The p-value of each hypothesis.
        least_p_values: The smallest p-value that each test could have returned.
        level: Chance of any false alarm, in (0, 1).

    Returns:
        The adjusted p-values, in the given order.

    References:
        Tarone. A modified Bonferroni method for discrete data. Biometrics 46(2), 1990.
        Hommel, Krummenauer. Improvements and modifications of Tarone's multiple test procedure
        for discrete data. Biometrics 54(2), 1998, section 2: step-down, with Holm.
    """
    adjusted = [1.0] * len(p_values)
    remaining = list(range(len(p_values)))
    while True:
        competitors = _competitors([least_p_values[index] for index in remaining], level)
        for index in remaining:
            adjusted[index] = min(1.0, competitors * p_values[index])
        kept = [index for index in remaining if adjusted[index] >= level]
        if len(kept) == len(remaining):
            return FamilyRejections(adjusted, competitors)
        remaining = kept


def _competitors(least_p_values: Sequence[float], level: float) -> int:
    """Returns the smallest count k for which at most k tests could reach level / k."""
    count = 1
    while sum(count * least < level for least in least_p_values) > count:
        count += 1
    return count


def _binomial_tail(successes: int, trials: int) -> float:
    _check_counts(successes, 0, trials)
    return float(special.bdtr(successes, trials, 0.5)) if trials else 1.0


def _check_counts(fixed: int, broken: int, total: int) -> None:
    if fixed < 0 or broken < 0 or fixed + broken > total:
        raise ValueError(
            f"Counts do not fit: {fixed} and {broken} of {total}; all must be >= 0 and add up."
        )
