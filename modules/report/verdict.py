"""The verdict: one sentence with its numbers, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from modules.core.arms import WARM_START
from modules.core.wording import NO_SOURCE, display_name, p_value, percent, points
from modules.evaluation.assumptions import describe_assumptions
from modules.evaluation.evaluation_report import BLESSED
from modules.evaluation.gate import (
    WARM_START_VS_PRETRAINED,
    WARM_START_VS_SCRATCH,
    WARM_START_VS_SERVED,
)
from modules.evaluation.push_requirements import ARM_PHRASES
from modules.report.evidence.shown_arms import is_probe
from modules.report.inputs import ReportData
from modules.report.sections.section import Section
from modules.settings import GateSettings

_LONGEST_NAME = 40


def verdict_section(data: ReportData) -> Section:
    """Builds the head of the report."""
    evaluation = data.evaluation
    return Section(
        "verdict",
        "Verdict",
        {
            "blessed": evaluation["verdict"] == BLESSED,
            "sentence": verdict_sentence(evaluation, data.settings.gate),
            "pushed_instead": _pushed_instead(evaluation),
            "reasons": evaluation["reasons"],
            "assumptions": describe_assumptions(evaluation),
            "source": evaluation["source"],
            "no_source": NO_SOURCE,
            "target": evaluation["target"],
            "seed": evaluation["seed"],
            "transfer": data.records[WARM_START].transfer,
        },
    )


def verdict_sentence(evaluation: Mapping[str, Any], gate: GateSettings) -> Markup:
    """Says in one sentence how good the warm start is and what it is worth, numbers emphasised.

    The gate's confidence decides what counts as a difference.
    """
    accuracy = evaluation["arms"][WARM_START]["accuracy"]
    target = display_name(evaluation["target"]["name"], _LONGEST_NAME)
    comparisons = evaluation["comparisons"]
    model = "the pretrained model"
    pretrained = f"a linear probe on {model}" if is_probe(evaluation) else model
    others = {
        WARM_START_VS_PRETRAINED: pretrained,
        WARM_START_VS_SCRATCH: "training from scratch",
        WARM_START_VS_SERVED: "the model that was served",
    }
    *all_but_last, last = (
        _against(comparisons[name], other, gate)
        for name, other in others.items()
        if name in comparisons
    )
    return Markup("The warm start gets <strong>{}</strong> of {} right: {}, and {}.").format(
        percent(accuracy), target, Markup(", ").join(all_but_last), last
    )


def _pushed_instead(evaluation: Mapping[str, Any]) -> dict[str, Any] | None:
    """Describes the arm that is good enough where the warm start is not."""
    arm = evaluation["pushed_arm"]
    if arm in (None, WARM_START):
        return None
    return {"arm": ARM_PHRASES[arm].capitalize(), **evaluation["arms"][arm]}


def _against(comparison: Mapping[str, Any], other: str, gate: GateSettings) -> Markup:
    difference, chance = comparison["difference"], p_value(comparison["p_value"])
    if comparison["p_value"] >= 1.0 - gate.confidence:
        return Markup("not provably different from {} ({}\N{NO-BREAK SPACE}points, {})").format(
            other, points(difference), chance
        )
    return Markup("<strong>{:.1f}\N{NO-BREAK SPACE}points</strong> {} {} ({})").format(
        100 * abs(difference), "above" if difference > 0 else "below", other, chance
    )
