"""The paired comparison: who fixed whose errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.core.wording import ARM_NAMES
from modules.evaluation.gate import WARM_START_VS_PRETRAINED, WARM_START_VS_SCRATCH
from modules.report.drawing.palette import BAD, GOOD, INK, MUTED
from modules.report.drawing.svg import draw_svg
from modules.report.sections.section import Section
from modules.settings import GateSettings

_OTHER_ARMS = {WARM_START_VS_PRETRAINED: PRETRAINED, WARM_START_VS_SCRATCH: SCRATCH}
_TESTS = {"mcnemar": "exact McNemar test", "bootstrap": "paired bootstrap"}


def comparison_section(evaluation: Mapping[str, Any], gate: GateSettings) -> Section:
    """Shows on which examples the warm start and each other arm differ.

    Args:
        evaluation: Content of evaluation.json.
        gate: Names the test.

    Returns:
        The section.
    """
    rows = [
        {
            "other": ARM_NAMES[other],
            **evaluation["comparisons"][name],
            **_agreements(evaluation, name),
        }
        for name, other in _OTHER_ARMS.items()
    ]
    return Section(
        "comparison",
        "Who fixed whose errors",
        {
            "rows": rows,
            "test": _TESTS[gate.test],
            "total": evaluation["arms"][WARM_START]["total"],
            "figure": _fixed_and_broken(rows),
        },
    )


def _agreements(evaluation: Mapping[str, Any], name: str) -> dict[str, int]:
    """Counts the examples that say nothing about the difference."""
    candidate, comparison = evaluation["arms"][WARM_START], evaluation["comparisons"][name]
    both = candidate["correct"] - comparison["fixed"]
    return {
        "both": both,
        "neither": candidate["total"] - candidate["correct"] - comparison["broken"],
    }


def _fixed_and_broken(rows: list[dict[str, Any]]) -> Markup:
    fixed, broken = (max(row[key] for row in rows) for key in ("fixed", "broken"))
    # Room for the words beside the bars.
    room = 0.45 * max(1, fixed + broken)
    left, right = -broken - room, fixed + room

    def draw(axes: Axes) -> None:
        for position, row in enumerate(reversed(rows)):
            axes.barh(position, row["fixed"], height=0.42, color=GOOD)
            axes.barh(position, -row["broken"], height=0.42, color=BAD)
            axes.plot([0, 0], [position - 0.27, position + 0.27], color=INK, linewidth=1)
            for value, side, words in (
                (row["fixed"], 1, "fixed"),
                (-row["broken"], -1, "broken"),
            ):
                axes.annotate(
                    f"{abs(value)} {words}",
                    (value, position),
                    xytext=(4 * side, 0),
                    textcoords="offset points",
                    va="center",
                    ha="left" if side > 0 else "right",
                    weight="bold",
                )
            axes.annotate(
                f"against {row['other'].lower()}",
                (left, position),
                xytext=(0, 17),
                textcoords="offset points",
                color=MUTED,
            )
        axes.set_xlim(left, right)
        axes.set_ylim(-0.45, len(rows) - 0.3)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(False)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
        axes.tick_params(length=0)
        axes.set_xlabel("target evaluation examples")

    return draw_svg(
        draw,
        name="comparison",
        title="Errors that the warm start fixed and broke, against each other arm",
        description="; ".join(
            f"against {row['other'].lower()}: {row['fixed']} fixed, {row['broken']} broken"
            for row in rows
        ),
        height=150,
    )
