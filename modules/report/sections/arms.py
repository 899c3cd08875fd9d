"""The arms with their intervals."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from modules.core.arms import SERVED
from modules.core.wording import ARM_NAMES, percent
from modules.report.drawing.dot_plot import measure_across
from modules.report.drawing.palette import ARM_COLOURS, MUTED
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.shown_arms import arm_meaning, arm_title, is_probe, shown_arms
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_NUMBERS = {2: "Two", 3: "Three", 4: "Four"}


def arms_section(data: ReportData) -> Section:
    """Shows each arm's accuracy on the target's evaluation examples."""
    evaluation = data.evaluation
    arms = shown_arms(evaluation)
    return Section(
        "arms",
        f"{_NUMBERS[len(arms)]} arms, one test",
        {
            "arms": [
                {
                    "arm": arm,
                    "label": arm_title(evaluation, arm),
                    "meaning": arm_meaning(evaluation, arm),
                    **evaluation["arms"][arm],
                }
                for arm in arms
            ],
            "probe": is_probe(evaluation),
            "served": SERVED in arms,
            "source": evaluation["source"],
            "target": evaluation["target"],
            "figure": _intervals({arm: evaluation["arms"][arm] for arm in arms}),
        },
    )


def _intervals(arms: dict[str, Any]) -> Markup:
    bounds = [bound for arm in arms for bound in arms[arm]["ci95"]]
    middle = (min(bounds) + max(bounds)) / 2

    def draw(axes: Axes) -> None:
        for row, arm in enumerate(reversed(arms)):
            scores, colour = arms[arm], ARM_COLOURS[arm]
            low, high = scores["ci95"]
            axes.plot([low, high], [row, row], color=colour, linewidth=5, solid_capstyle="round")
            axes.plot(scores["accuracy"], row, "o", color=colour, markersize=9)
            right = (low + high) / 2 > middle
            axes.annotate(
                f"{ARM_NAMES[arm]}  {percent(scores['accuracy'])}",
                (high if right else low, row),
                xytext=(0, 9),
                textcoords="offset points",
                ha="right" if right else "left",
                color=colour,
                weight="bold",
            )
        axes.set_yticks([])
        axes.set_ylim(-0.5, len(arms) - 0.35)
        measure_across(axes)
        axes.set_xlabel("accuracy, with 95 % interval", color=MUTED)

    description = "; ".join(
        f"{ARM_NAMES[arm]}: {percent(arms[arm]['accuracy'])}, from {percent(arms[arm]['ci95'][0])} "
        f"to {percent(arms[arm]['ci95'][1])}"
        for arm in arms
    )
    return draw_svg(
        draw,
        name="arms",
        title="Accuracy of the arms on the target, with 95 % intervals",
        description=description,
        height=42 + 36 * len(arms),
    )
