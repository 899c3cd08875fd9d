"""The page that sums several targets up and leads to the report of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from modules.core.arms import ARMS
from modules.core.wording import ARM_NAMES, count, display_name, percent
from modules.report.drawing.dot_plot import short_name
from modules.report.drawing.interval_plot import INTERVAL_ROW_HEIGHT, draw_intervals
from modules.report.drawing.svg import draw_svg
from modules.report.sections.section import render

_VERDICTS = {"blessed": "blessed", "not_blessed": "not blessed", "failed": "failed"}
_HEAD_HEIGHT = 56


def build_targets_page(name: str, targets: Mapping[str, Mapping[str, Any]]) -> str:
    """Builds the page.

    Args:
        name: The scenario's name.
        targets: `targets` of result.json, by name: a run's outcome with `report`, where its report
            is relative to the page; or `verdict` failed with `error`.

    Returns:
        HTML: one file without scripts, which loads nothing. Equal input gives equal text.
    """
    done = {target: entry for target, entry in targets.items() if "arms" in entry}
    failed = {target: entry["error"] for target, entry in targets.items() if "arms" not in entry}
    return str(
        render(
            "targets.html.j2",
            {
                "scenario": name,
                "sentence": _sentence(targets),
                "sections": [],
                "rows": [_row(target, entry) for target, entry in done.items()],
                "arms": [ARM_NAMES[arm] for arm in ARMS],
                "figure": _figure(done) if done else None,
                "failed": failed,
            },
        )
    )


def _sentence(targets: Mapping[str, Mapping[str, Any]]) -> str:
    verdicts = [entry["verdict"] for entry in targets.values()]
    parts = [f"{words}: {verdicts.count(verdict)}" for verdict, words in _VERDICTS.items()]
    return f"{count(len(targets), 'target').capitalize()}; {', '.join(parts)}."


def _row(target: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": target,
        "report": entry["report"],
        "shots": entry["target"]["shots"],
        "verdict": _VERDICTS[entry["verdict"]],
        "accuracies": [entry["arms"][arm]["accuracy"] for arm in ARMS],
        "gain": entry["comparisons"]["warm_start_vs_pretrained"],
        "pushed_to": entry["pushed_to"],
    }


def _figure(done: Mapping[str, Mapping[str, Any]]) -> Markup:
    def draw(axes: Axes) -> None:
        arms = {arm: [entry["arms"][arm] for entry in done.values()] for arm in ARMS}
        draw_intervals(
            axes,
            list(done),
            {arm: [scores["accuracy"] for scores in of_arm] for arm, of_arm in arms.items()},
            {arm: [scores["ci95"] for scores in of_arm] for arm, of_arm in arms.items()},
        )

    def words(entry: Mapping[str, Any]) -> str:
        shares = ((arm, entry["arms"][arm]["accuracy"]) for arm in ARMS)
        return ", ".join(f"{percent(share)} {ARM_NAMES[arm].lower()}" for arm, share in shares)

    return draw_svg(
        draw,
        name="targets",
        title="Accuracy of each arm on each target, with 95 % intervals",
        description="; ".join(
            f"{display_name(short_name(target))}: {words(entry)}" for target, entry in done.items()
        ),
        height=_HEAD_HEIGHT + INTERVAL_ROW_HEIGHT * len(done),
    )
