"""The requirements of the transfer gate: each is met or not, and says why.

Unless another candidate is named, it is the warm start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modules.core.wording import points_phrase
from modules.evaluation.grouped_statistics import (
    GroupTotals,
    group_bootstrap,
    group_interval,
    least_sign_flip_fall_p_value,
    sign_flip_fall_p_value,
    sign_flip_p_value,
    widened,
)
from modules.evaluation.paired_counts import PairedCounts
from modules.evaluation.paired_statistics import (
    Interval,
    bootstrap_difference,
    difference_interval,
    fall_p_value,
    least_fall_p_value,
    mcnemar_p_value,
    tarone_rejections,
)
from modules.settings import GateSettings

_TEST_NAMES = {"mcnemar": "exact McNemar test", "bootstrap": "paired bootstrap"}
_GROUPED_TEST_NAMES = {
    "mcnemar": "exact sign-flip test of groups",
    "bootstrap": "paired bootstrap of groups",
}

_WARM_START = "The warm start"
_SMALLEST_P_VALUE = 1e-300


@dataclass(frozen=True)
class Requirement:
    """A requirement's outcome; the reason is a sentence for people, with the numbers."""

    met: bool
    reason: str


def test_name(settings: GateSettings, *, grouped: bool) -> str:
    """Names the gate's test, as in "p = 0.01 of the ..."."""
    return _GROUPED_TEST_NAMES[settings.test] if grouped else _TEST_NAMES[settings.test]


def p_value(counts: PairedCounts, settings: GateSettings, seed: int) -> float:
    """Returns the two-sided p-value of the gate's test.

    Groups can only weaken the evidence: the p-value is never smaller than for examples that stand
    for themselves.
    """
    groups = counts.by_group
    if settings.test == "mcnemar":
        chance = mcnemar_p_value(counts.fixed, counts.broken)
        return chance if groups is None else max(chance, sign_flip_p_value(groups))
    cells = counts.fixed, counts.broken, counts.total
    chance = bootstrap_difference(*cells, seed=seed).p_value
    return chance if groups is None else max(chance, group_bootstrap(groups, seed=seed).p_value)


def interval(
    counts: PairedCounts, settings: GateSettings, confidence: float, seed: int
) -> Interval:
    """Returns the interval of the difference that belongs to the gate's test.

    With groups it is never narrower than for examples that stand for themselves.
    """
    cells, groups = (counts.fixed, counts.broken, counts.total), counts.by_group
    if settings.test == "mcnemar":
        found = difference_interval(*cells, confidence)
        return found if groups is None else widened(found, group_interval(groups, confidence), -1.0)
    found = bootstrap_difference(*cells, confidence, seed).interval
    if groups is None:
        return found
    return widened(found, group_bootstrap(groups, confidence, seed).interval, -1.0)


def enough_examples(total: int, settings: GateSettings) -> Requirement:
    """Requires a minimum of target eval examples."""
    needed = settings.min_eval_examples
    if total < needed:
        return Requirement(
            False,
            f"There is not enough evidence: {total:,} target eval examples, but at least "
            f"{needed:,} are needed (gate.min_eval_examples).",
        )
    return Requirement(
        True, f"There are {total:,} target eval examples; at least {needed:,} are needed."
    )


def enough_groups(groups: GroupTotals, settings: GateSettings) -> Requirement:
    """Requires a minimum of groups of target eval examples."""
    found = f"{groups.count:,} groups of target eval examples"
    # An effective number of equal groups is whole; rounding must not decide.
    if round(groups.effective_count, 6) < groups.count:
        found += f", of so unequal sizes that they say as much as {groups.effective_count:.1f}"
    needed = f"at least {settings.min_eval_groups:,} are needed"
    if round(groups.effective_count, 6) < settings.min_eval_groups:
        return Requirement(
            False,
            f"There is not enough evidence: {found}, but {needed} (gate.min_eval_groups).",
        )
    return Requirement(True, f"There are {found}; {needed}.")


def better_than_pretrained(counts: PairedCounts, settings: GateSettings, seed: int) -> Requirement:
    """Requires a gain over the pretrained model."""
    return better_than(
        counts, settings, seed, other="the pretrained model", if_worse=" (negative transfer)"
    )


def better_than(
    counts: PairedCounts,
    settings: GateSettings,
    seed: int,
    *,
    candidate: str = _WARM_START,
    other: str,
    if_worse: str = "",
) -> Requirement:
    """Requires a gain that is significant in the two-sided test.

    Args:
        counts: Of the candidate against the other one.
        candidate: What the sentence begins with.
        other: What the candidate is held against.
        if_worse: What is said of a candidate that is proven to be worse.
    """
    test = test_name(settings, grouped=counts.by_group is not None)
    chance = p_value(counts, settings, seed)
    level = 1.0 - settings.confidence
    met = counts.difference > 0 and chance < level
    if met:
        claim = f"{candidate} is better than {other}"
    elif counts.difference < 0 and chance < level:
        claim = f"{candidate} is worse than {other}{if_worse}"
    else:
        claim = f"{candidate} is not proven to be better than {other}"
    return Requirement(
        met,
        f"{claim}: {_accuracies(counts)}, {counts.fixed:,} answers fixed and {counts.broken:,} "
        f"broken, {test} {_chance(chance)} (must be below {level:.2g}).",
    )


def not_below_scratch(counts: PairedCounts, settings: GateSettings, seed: int) -> Requirement:
    """Requires that the scratch control is not better by more than its margin."""
    return not_below(
        counts,
        settings,
        seed,
        other="the scratch control",
        margin=settings.scratch_margin,
        margin_key="gate.scratch_margin",
        if_below=" (negative transfer)",
    )


def not_below(
    counts: PairedCounts,
    settings: GateSettings,
    seed: int,
    *,
    candidate: str = _WARM_START,
    other: str,
    margin: float,
    margin_key: str,
    if_below: str = "",
) -> Requirement:
    """Requires that the whole interval of the difference lies at or above minus the margin.

    Args:
        counts: Of the candidate against the other one.
        candidate: What the sentence begins with.
        other: What the candidate is held against.
        margin: How far the candidate's accuracy may lie below, as a share.
        margin_key: The setting that holds the margin.
        if_below: What is said of a candidate that is proven to be below.
    """
    low, high = interval(counts, settings, settings.confidence, seed)
    met = low >= -margin
    below = f"below {other}"
    if margin:
        below = f"more than {points_phrase(margin)} {below}"
    if met:
        claim = f"{candidate} is not {below}"
    elif high < -margin:
        claim = f"{candidate} is {below}{if_below}"
    else:
        claim = f"{candidate} may be {below} ({margin_key})"
    return Requirement(
        met,
        f"{claim}: {_accuracies(counts)}, {100 * settings.confidence:g} % interval of the "
        f"difference {_points(low)} to {_points(high)} points.",
    )


def no_class_falls(
    counts_by_class: Sequence[PairedCounts], class_names: Sequence[str], settings: GateSettings
) -> Requirement:
    """Requires that no class falls below the pretrained model by more than allowed.

    A fall counts if its one-sided test is significant after Tarone's correction over the classes.
    """
    level = 1.0 - settings.confidence
    rejections = tarone_rejections(
        [_fall_p_value(counts) for counts in counts_by_class],
        [_least_fall_p_value(counts) for counts in counts_by_class],
        level,
    )
    allowed = f"{100 * settings.max_class_drop:g} points"
    falls = [
        f"'{name}' by {-100 * counts.difference:.1f} points ({counts.broken} answers broken and "
        f"{counts.fixed} fixed of {counts.total}, corrected {_chance(chance)})"
        for name, counts, chance in zip(
            class_names, counts_by_class, rejections.adjusted, strict=True
        )
        if -counts.difference > settings.max_class_drop and chance < level
    ]
    if falls:
        return Requirement(
            False,
            f"No class may fall more than {allowed} below the pretrained model beyond chance "
            f"(gate.max_class_drop), but these do: {', '.join(falls)}.",
        )
    reason = (
        f"No class falls more than {allowed} below the pretrained model beyond chance "
        f"(exact tests, corrected for {len(counts_by_class):,} classes)."
    )
    # Even with every answer broken, these could not be significant.
    blind = sum(
        rejections.competitors * 0.5 ** _pieces(counts) >= level for counts in counts_by_class
    )
    if blind:
        reason += f" For {blind} of them there are too few examples to tell."
    return Requirement(True, reason)


def _fall_p_value(counts: PairedCounts) -> float:
    chance = fall_p_value(counts.fixed, counts.broken)
    groups = counts.by_group
    return chance if groups is None else max(chance, sign_flip_fall_p_value(groups))


def _least_fall_p_value(counts: PairedCounts) -> float:
    least = least_fall_p_value(counts.fixed, counts.broken)
    groups = counts.by_group
    return least if groups is None else max(least, least_sign_flip_fall_p_value(groups))


def _pieces(counts: PairedCounts) -> int:
    """Pieces of evidence: examples, or groups of them."""
    return counts.total if counts.by_group is None else counts.by_group.count


def _accuracies(counts: PairedCounts) -> str:
    candidate = (counts.both + counts.fixed) / counts.total
    baseline = (counts.both + counts.broken) / counts.total
    return (
        f"{100 * candidate:.1f} % against {100 * baseline:.1f} % of {counts.total:,} examples "
        f"({_points(counts.difference)} points)"
    )


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def _chance(p_value: float) -> str:
    # Smaller ones round to zero, which no test can prove.
    return f"p = {p_value:.2g}" if p_value > _SMALLEST_P_VALUE else f"p < {_SMALLEST_P_VALUE:g}"
