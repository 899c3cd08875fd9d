"""Accuracy by class and arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from modules.core.arms import ARMS, PRETRAINED, WARM_START
from modules.core.wording import ARM_NAMES, display_name, percent
from modules.report.drawing.palette import ARM_COLOURS, RULE
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.shown_classes import shown_classes
from modules.report.sections.section import Section

_DRAWN = 24
_LONGEST_NAME = 14
_MARKERS = dict(zip(ARMS, "sDo", strict=True))


def classes_section(evaluation: Mapping[str, Any]) -> Section:
    """Shows each class's accuracy in each arm.

    Args:
        evaluation: Content of evaluation.json.

    Returns:
        The section; its figure holds the classes that changed most, its table every class.
    """
    names = evaluation["target"]["classes"]
    drawn = shown_classes(evaluation, _DRAWN)
    table = [
        {
            "name": name,
            "total": evaluation["arms"][WARM_START]["per_class"][name]["total"],
            "accuracies": [evaluation["arms"][arm]["per_class"][name]["accuracy"] for arm in ARMS],
        }
        for name in names
    ]
    return Section(
        "classes",
        "Accuracy by class",
        {
            "table": table,
            "arm_names": [ARM_NAMES[arm] for arm in ARMS],
            "drawn": len(drawn),
            "figure": _dots(evaluation, [names[label] for label in drawn]),
        },
    )


def _dots(evaluation: Mapping[str, Any], names: list[str]) -> Markup:
    scores = {arm: evaluation["arms"][arm]["per_class"] for arm in ARMS}

    def draw(axes: Axes) -> None:
        for row, name in enumerate(names):
            found = [scores[arm][name]["accuracy"] for arm in ARMS]
            if None in found:
                continue
            axes.plot([min(found), max(found)], [row, row], color=RULE, linewidth=2.5, zorder=1)
        for arm in ARMS:
            known = [
                (scores[arm][name]["accuracy"], row)
                for row, name in enumerate(names)
                if scores[arm][name]["accuracy"] is not None
            ]
            axes.plot(
                [value for value, _ in known],
                [row for _, row in known],
                _MARKERS[arm],
                color=ARM_COLOURS[arm],
                markersize=7 if arm == WARM_START else 5.5,
                label=ARM_NAMES[arm],
                clip_on=False,
            )
        axes.set_yticks(range(len(names)), [display_name(name, _LONGEST_NAME) for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.spines["left"].set_visible(False)
        axes.tick_params(length=0)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x")
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        axes.locator_params(axis="x", nbins=5)
        axes.figure.legend(loc="outside upper left", ncols=len(ARMS), handletextpad=0.1)

    return draw_svg(
        draw,
        name="classes",
        title="Accuracy by class in each arm",
        description="; ".join(
            f"{display_name(name, _LONGEST_NAME)}: "
            f"{percent(scores[PRETRAINED][name]['accuracy'])} pretrained, "
            f"{percent(scores[WARM_START][name]['accuracy'])} warm start"
            for name in names
        ),
        height=56 + 17 * len(names),
    )
