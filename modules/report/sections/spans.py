"""The arms by the span that the target's examples arrived with."""

from __future__ import annotations

from modules.core.arms import WARM_START
from modules.evaluation.spans.wording import describe_spans, describe_start
from modules.report.evidence.shown_arms import arm_title, shown_arms
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_MOST_LISTED = 12


def spans_section(data: ReportData) -> Section | None:
    """Shows each arm on the newest span, on older ones and on all; None without spans."""
    spans = data.evaluation["spans"]
    if spans is None:
        return None
    by_span, older = spans["by_span"], spans["older"]
    parts = [(f"span {part['span']}", part) for part in by_span[:_MOST_LISTED]]
    if older is not None:
        parts += [("all older spans", older), ("all spans", spans["all"])]
    start = describe_start(data.records[WARM_START].transfer.get("start", {}))
    arms = shown_arms(data.evaluation)
    return Section(
        "spans",
        "New data and old",
        {
            "sentences": [*describe_spans(spans), *([start] if start else [])],
            "arms": {arm: arm_title(data.evaluation, arm) for arm in arms},
            "parts": parts,
            "left_out": max(0, len(by_span) - _MOST_LISTED),
        },
    )
