"""The paired comparison: who fixed whose errors."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from modules.core.arms import WARM_START
from modules.core.wording import ARM_NAMES
from modules.evaluation.requirements import test_name
from modules.report.drawing.palette import BAD, GOOD, INK, MUTED
from modules.report.drawing.svg import draw_svg
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_AGAINST = f"{WARM_START}_vs_"


def comparison_section(data: ReportData) -> Section:
    """Shows on how many examples the warm start and each other arm differ."""
    evaluation = data.evaluation
    candidate = evaluation["arms"][WARM_START]
    rows = [
        {
            "other": ARM_NAMES[name.removeprefix(_AGAINST)],
            **comparison,
            "both": candidate["correct"] - comparison["fixed"],
            "neither": candidate["total"] - candidate["correct"] - comparison["broken"],
        }
        for name, comparison in evaluation["comparisons"].items()
    ]
    return Section(
        "comparison",
        "Who fixed whose errors",
        {
            "rows": rows,
            "test": test_name(
                data.settings.gate, grouped=not evaluation["assumptions"]["independent"]
            ),
            "total": candidate["total"],
            "figure": _fixed_and_broken(rows),
        },
    )


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
        axes.set_xlabel("target evaluation examples")

    return draw_svg(
        draw,
        name="comparison",
        title="Errors that the warm start fixed and broke, against each other arm",
        description="; ".join(
            f"against {row['other'].lower()}: {row['fixed']} fixed, {row['broken']} broken"
            for row in rows
        ),
        height=50 + 50 * len(rows),
    )
