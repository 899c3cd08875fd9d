"""The requirements of the transfer gate: each is met or not, and says why.

Unless another candidate is named, it is the warm start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

TEST_NAMES = {"mcnemar": "exact McNemar test", "bootstrap": "paired bootstrap"}

_WARM_START = "The warm start"
_SMALLEST_P_VALUE = 1e-300


@dataclass(frozen=True)
class Requirement:
    """A requirement's outcome; the reason is a sentence for people, with the numbers."""

    met: bool
    reason: str


@dataclass(frozen=True)
class PairedCounts:
    """How a candidate and a baseline answered the same examples.

    Attributes:
        both: Examples that both got right.
        fixed: Examples that only the candidate got right.
        broken: Examples that only the baseline got right.
        neither: Examples that both got wrong.
    """

    both: int
    fixed: int
    broken: int
    neither: int

    @property
    def total(self) -> int:
        """Number of examples."""
        return self.both + self.fixed + self.broken + self.neither

    @property
    def difference(self) -> float:
        """Accuracy of the candidate minus accuracy of the baseline; 0 without examples."""
        return (self.fixed - self.broken) / self.total if self.total else 0.0


def p_value(counts: PairedCounts, settings: GateSettings, seed: int) -> float:
    """Returns the two-sided p-value of the gate's test."""
    if settings.test == "mcnemar":
        return mcnemar_p_value(counts.fixed, counts.broken)
    return bootstrap_difference(counts.fixed, counts.broken, counts.total, seed=seed).p_value


def interval(
    counts: PairedCounts, settings: GateSettings, confidence: float, seed: int
) -> Interval:
    """Returns the interval of the difference that belongs to the gate's test."""
    cells = counts.fixed, counts.broken, counts.total
    if settings.test == "mcnemar":
        return difference_interval(*cells, confidence)
    return bootstrap_difference(*cells, confidence, seed).interval


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
        f"broken, {TEST_NAMES[settings.test]} {_chance(chance)} (must be below {level:.2g}).",
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
        plural = "" if round(100 * margin, 9) == 1 else "s"
        below = f"more than {100 * margin:g} point{plural} {below}"
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
        [fall_p_value(counts.fixed, counts.broken) for counts in counts_by_class],
        [least_fall_p_value(counts.fixed, counts.broken) for counts in counts_by_class],
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
    blind = sum(rejections.competitors * 0.5**counts.total >= level for counts in counts_by_class)
    if blind:
        reason += f" For {blind} of them there are too few examples to tell."
    return Requirement(True, reason)


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
