"""Paired statistics against independent implementations and published values."""

from __future__ import annotations

import gc
import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from modules.evaluation.paired_statistics import (
    bootstrap_difference,
    difference_interval,
    fall_p_value,
    least_fall_p_value,
    mcnemar_p_value,
    tarone_rejections,
    wilson_interval,
)

CONFIDENCES = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@st.composite
def paired_counts(draw: st.DrawFn) -> tuple[int, int, int]:
    total = draw(st.integers(1, 2000))
    fixed = draw(st.integers(0, total))
    return fixed, draw(st.integers(0, total - fixed)), total


def tango_score(difference: float, fixed: int, broken: int, total: int) -> float:
    """The score statistic with the nuisance parameter found by numerical maximization."""
    low, high = max(0.0, -difference), (1.0 - difference) / 2.0

    def loss(share: float) -> float:
        cells = (fixed, share + difference), (broken, share)
        rest = (total - fixed - broken, 1.0 - 2.0 * share - difference)
        return -sum(n * math.log(max(p, 1e-300)) for n, p in (*cells, rest) if n)

    share = optimize.minimize_scalar(
        loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    ).x
    variance = total * (2.0 * share + difference * (1.0 - difference))
    return (fixed - broken - total * difference) / math.sqrt(variance)


@given(st.integers(1, 5000), st.data(), CONFIDENCES)
def test_wilson_interval_equals_statsmodels(
    total: int, data: st.DataObject, confidence: float
) -> None:
    correct = data.draw(st.integers(0, total))
    expected = proportion_confint(correct, total, alpha=1 - confidence, method="wilson")
    assert wilson_interval(correct, total, confidence) == pytest.approx(expected, abs=1e-9)


def test_wilson_interval_without_examples_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_equals_statsmodels_exact_test(fixed: int, broken: int) -> None:
    assume(fixed + broken > 0)
    expected = min(1.0, mcnemar([[5, fixed], [broken, 5]], exact=True).pvalue)
    assert mcnemar_p_value(fixed, broken) == pytest.approx(expected, rel=1e-9)


@given(st.integers(0, 300), st.integers(0, 300))
def test_fall_equals_scipys_one_sided_binomial_test(fixed: int, broken: int) -> None:
    assume(fixed + broken > 0)
    expected = stats.binomtest(broken, fixed + broken, alternative="greater").pvalue
    assert fall_p_value(fixed, broken) == pytest.approx(expected, rel=1e-9)


def test_models_that_never_differ_are_never_significant() -> None:
    assert mcnemar_p_value(0, 0) == fall_p_value(0, 0) == 1.0


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_mcnemar_never_exceeds_its_level_in_one_direction(confidence: float) -> None:
    level = 1 - confidence
    for discordant in range(200):
        fixed = np.arange(discordant + 1)
        significant = [
            mcnemar_p_value(int(f), discordant - int(f)) < level and f > discordant - f
            for f in fixed
        ]
        assert stats.binom.pmf(fixed, discordant, 0.5)[significant].sum() <= level / 2 + 1e-12


def test_difference_interval_equals_published_values() -> None:
    # Bentur et al. 2009, as analysed by Fagerland, Lydersen and Laake, 2014.
    assert difference_interval(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


@settings(max_examples=200)
@given(paired_counts(), CONFIDENCES)
def test_difference_interval_is_where_the_score_test_stops_rejecting(
    counts: tuple[int, int, int], confidence: float
) -> None:
    critical = stats.norm.ppf((1 + confidence) / 2)
    fixed, broken, total = counts
    low, high = difference_interval(fixed, broken, total, confidence)
    assert -1 <= low <= (fixed - broken) / total <= high <= 1
    if low > -0.999:
        assert tango_score(low, fixed, broken, total) == pytest.approx(critical, abs=1e-3)
    if high < 0.999:
        assert tango_score(high, fixed, broken, total) == pytest.approx(-critical, abs=1e-3)


@given(paired_counts())
def test_difference_interval_mirrors_when_the_models_change_places(
    counts: tuple[int, int, int],
) -> None:
    fixed, broken, total = counts
    low, high = difference_interval(fixed, broken, total)
    assert difference_interval(broken, fixed, total) == pytest.approx((-high, -low), abs=1e-7)


@given(paired_counts())
def test_more_confidence_makes_a_wider_interval(counts: tuple[int, int, int]) -> None:
    narrow, wide = difference_interval(*counts, 0.9), difference_interval(*counts, 0.99)
    assert wide[0] <= narrow[0] + 1e-9
    assert narrow[1] <= wide[1] + 1e-9


def test_interval_of_models_that_agree_everywhere_does_not_collapse() -> None:
    z = stats.norm.ppf(0.975)
    low, high = difference_interval(0, 0, 900)
    assert (low, high) == pytest.approx((-(z**2) / (900 + z**2), z**2 / (900 + z**2)), rel=1e-6)


def test_difference_interval_covers_the_truth_as_often_as_it_says() -> None:
    shares, total = [0.05, 0.02, 0.93], 200
    counts = np.random.default_rng(0).multinomial(total, shares, size=2000)
    intervals = [difference_interval(int(f), int(b), total) for f, b, _ in counts]
    covered = np.mean([low <= 0.03 <= high for low, high in intervals])
    assert 0.94 <= covered <= 0.97


def test_bootstrap_agrees_with_the_score_interval_where_there_are_many_answers() -> None:
    result = bootstrap_difference(60, 30, 1000, seed=1)
    assert result.interval == pytest.approx(difference_interval(60, 30, 1000), abs=0.003)
    assert result.p_value == pytest.approx(mcnemar_p_value(60, 30), abs=0.002)


def test_bootstrap_resamples_whole_examples() -> None:
    rng = np.random.default_rng(0)
    answers = np.repeat([1, -1, 0], [41, 21, 440])  # with the pseudo-example in each cell
    resampled = rng.choice(answers, size=(4000, 500)).mean(axis=1)
    expected = np.quantile(resampled, [0.025, 0.975])
    assert bootstrap_difference(40, 20, 500).interval == pytest.approx(expected, abs=0.004)


def test_bootstrap_repeats_with_its_seed_and_only_with_it() -> None:
    assert bootstrap_difference(9, 4, 300, seed=3) == bootstrap_difference(9, 4, 300, seed=3)
    assert bootstrap_difference(9, 4, 300, seed=3) != bootstrap_difference(9, 4, 300, seed=4)


def test_bootstrap_is_not_sure_of_a_handful_of_answers() -> None:
    for discordant in range(5):
        assert bootstrap_difference(discordant, 0, 900).p_value > 0.05
    assert bootstrap_difference(20, 0, 900).p_value < 0.01


def test_bootstrap_keeps_close_to_its_level_for_every_number_of_discordant_answers() -> None:
    for discordant in (3, 5, 8, 12, 20, 40, 80):
        fixed = np.arange(discordant + 1)
        significant = [
            f > discordant - f
            and bootstrap_difference(int(f), discordant - int(f), 900).p_value < 0.05
            for f in fixed
        ]
        assert stats.binom.pmf(fixed, discordant, 0.5)[significant].sum() <= 0.05


@pytest.fixture(scope="module")
def _no_old_garbage() -> Iterator[None]:
    """statsmodels collects garbage at each call, which takes long with all that is imported."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_no_old_garbage")
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.sampled_from([0.01, 0.05, 0.3]))
def test_continuous_tests_are_rejected_as_holm_does(p_values: list[float], level: float) -> None:
    tarone = tarone_rejections(p_values, [0.0] * len(p_values), level)
    holm = multipletests(p_values, method="holm")[1]
    assume(all(abs(value - level) > 1e-9 for value in [*holm, *tarone.adjusted]))
    assert [value < level for value in tarone.adjusted] == [bool(p < level) for p in holm]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.sampled_from([0.05, 0.2]))
def test_any_false_alarm_of_exact_tests_keeps_its_level(
    discordant: list[int], level: float
) -> None:
    least = [least_fall_p_value(0, count) for count in discordant]
    chance = 0.0
    for broken in itertools.product(*(range(count + 1) for count in discordant)):
        p_values = [fall_p_value(d - b, b) for d, b in zip(discordant, broken, strict=True)]
        if min(tarone_rejections(p_values, least, level).adjusted) < level:
            chance += math.prod(
                float(stats.binom.pmf(b, d, 0.5)) for d, b in zip(discordant, broken, strict=True)
            )
    assert chance <= level + 1e-12


def test_classes_that_hardly_differ_cost_no_level() -> None:
    falls = [(0, 7), *[(1, 0)] * 99]
    p_values = [fall_p_value(*counts) for counts in falls]
    least = [least_fall_p_value(*counts) for counts in falls]
    rejections = tarone_rejections(p_values, least, 0.05)
    assert rejections.adjusted[0] == p_values[0] == 1 / 128
    assert rejections.adjusted[1:] == [1.0] * 99
    assert multipletests(p_values, method="holm")[1][0] > 0.5


def test_an_example_by_hand() -> None:
    # 0.05 / 1 is in reach of three tests, 0.05 / 2 of two: two compete.
    rejections = tarone_rejections([0.02, 0.024, 0.5], [0.001, 0.02, 0.03], 0.05)
    assert rejections.adjusted == [0.04, 0.048, 0.5]
    assert rejections.competitors == 1


def test_of_no_hypothesis_none_is_rejected() -> None:
    assert tarone_rejections([], [], 0.05).adjusted == []


@pytest.mark.parametrize("function", [difference_interval, bootstrap_difference])
def test_counts_that_do_not_add_up_are_refused(function: object) -> None:
    for fixed, broken in itertools.chain([(-1, 0), (0, -1)], [(6, 5)]):
        with pytest.raises(ValueError, match="do not fit"):
            function(fixed, broken, 10)  # type: ignore[operator]
