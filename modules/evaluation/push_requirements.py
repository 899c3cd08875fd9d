"""What every arm must show before it is pushed: a floor, and that it may replace what is served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.evaluation.paired_counts import PairedCounts
from modules.evaluation.paired_statistics import Interval
from modules.evaluation.requirements import (
    Requirement,
    better_than,
    interval,
    not_below,
)
from modules.settings import GateSettings

ARM_PHRASES = {
    PRETRAINED: "the pretrained model",
    SCRATCH: "the scratch control",
    WARM_START: "the warm start",
}
_SERVED = "the served model"


@dataclass(frozen=True)
class PushEvidence:
    """What an arm is judged by before it is pushed.

    Attributes:
        arm: A name of `modules.core.arms`.
        accuracy: Its share of right answers.
        accuracy_interval: Returns the interval of that share, for a confidence.
        against_served: Its answers and those of the served model; None if nothing is served, or if
            the served model cannot answer.
        served_problem: Why the served model cannot answer; empty if it can, or if there is none.
    """

    arm: str
    accuracy: float
    accuracy_interval: Callable[[float], Interval]
    against_served: PairedCounts | None
    served_problem: str = ""


def push_requirements(
    evidence: PushEvidence, settings: GateSettings, seed: int
) -> list[Requirement]:
    """Returns those that apply: there may be no floor, and nothing that is served."""
    requirements = []
    if settings.min_accuracy:
        requirements.append(_reaches_the_floor(evidence, settings))
    if settings.served != "ignore":
        if evidence.served_problem:
            requirements.append(_cannot_be_compared(evidence.served_problem))
        elif evidence.against_served:
            requirements.append(_may_replace_the_served(evidence, settings, seed))
    return requirements


def gains_enough(counts: PairedCounts, settings: GateSettings, seed: int) -> Requirement:
    """Requires that the whole interval of the gain over the pretrained model is above the floor."""
    low, high = interval(counts, settings, settings.confidence, seed)
    floor = f"{100 * settings.min_gain:g} points over the pretrained model"
    met = low >= settings.min_gain
    if met:
        claim = f"The warm start gains at least {floor}"
    elif high < settings.min_gain:
        claim = f"The warm start does not gain {floor}"
    else:
        claim = f"The warm start is not proven to gain {floor} (gate.min_gain)"
    return Requirement(
        met,
        f"{claim}: {100 * settings.confidence:g} % interval of the gain {100 * low:+.1f} to "
        f"{100 * high:+.1f} points.",
    )


def _reaches_the_floor(evidence: PushEvidence, settings: GateSettings) -> Requirement:
    low, high = evidence.accuracy_interval(settings.confidence)
    arm, floor = ARM_PHRASES[evidence.arm].capitalize(), f"{100 * settings.min_accuracy:g} %"
    met = low >= settings.min_accuracy
    if met:
        claim = f"{arm} reaches {floor}"
    elif high < settings.min_accuracy:
        claim = f"{arm} does not reach {floor}"
    else:
        claim = f"{arm} is not proven to reach {floor} (gate.min_accuracy)"
    return Requirement(
        met,
        f"{claim}: {100 * evidence.accuracy:.1f} % are right, {100 * settings.confidence:g} % "
        f"interval {100 * low:.1f} to {100 * high:.1f} %.",
    )


def _may_replace_the_served(
    evidence: PushEvidence, settings: GateSettings, seed: int
) -> Requirement:
    assert evidence.against_served is not None
    candidate = ARM_PHRASES[evidence.arm].capitalize()
    if settings.served == "better":
        return better_than(
            evidence.against_served, settings, seed, candidate=candidate, other=_SERVED
        )
    return not_below(
        evidence.against_served,
        settings,
        seed,
        candidate=candidate,
        other=_SERVED,
        margin=settings.served_margin,
        margin_key="gate.served_margin",
    )


def _cannot_be_compared(problem: str) -> Requirement:
    return Requirement(
        False,
        f"The served model cannot be compared with, so nothing may replace it: {problem} To "
        "replace it unseen: gate.served=ignore.",
    )
