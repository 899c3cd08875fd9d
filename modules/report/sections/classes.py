"""Accuracy by class and arm."""

from __future__ import annotations

from markupsafe import Markup
from matplotlib.axes import Axes

from modules.core.arms import ARMS, PRETRAINED, WARM_START
from modules.core.wording import ARM_NAMES, percent
from modules.report.drawing.dot_plot import MOST_ROWS, ROW_HEIGHT, draw_dots, short_name
from modules.report.drawing.palette import ARM_COLOURS
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.shown_classes import shown_classes
from modules.report.inputs import ReportData
from modules.report.sections.section import Section


def classes_section(data: ReportData) -> Section:
    """Shows each class's accuracy in each arm.

    The figure shows the classes that changed most, the table every class.
    """
    scores = {arm: data.evaluation["arms"][arm]["per_class"] for arm in ARMS}
    names = data.evaluation["target"]["classes"]
    accuracies = {arm: [scores[arm][name]["accuracy"] for name in names] for arm in ARMS}
    drawn = shown_classes(data.evaluation, MOST_ROWS)
    return Section(
        "classes",
        "Accuracy by class",
        {
            "table": [
                {
                    "name": name,
                    "total": scores[WARM_START][name]["total"],
                    "accuracies": [accuracies[arm][label] for arm in ARMS],
                }
                for label, name in enumerate(names)
            ],
            "arm_names": [ARM_NAMES[arm] for arm in ARMS],
            "drawn": len(drawn),
            "figure": _figure(
                [names[label] for label in drawn],
                {arm: [accuracies[arm][label] for label in drawn] for arm in ARMS},
            ),
        },
    )


def _figure(names: list[str], accuracies: dict[str, list[float | None]]) -> Markup:
    styles = [
        {"marker": marker, "markersize": size, "color": ARM_COLOURS[arm], "label": ARM_NAMES[arm]}
        for arm, marker, size in zip(ARMS, "sDo", (5.5, 5.5, 7), strict=True)
    ]

    def draw(axes: Axes) -> None:
        draw_dots(axes, names, list(accuracies.values()), styles)

    return draw_svg(
        draw,
        name="classes",
        title="Accuracy by class in each arm",
        description="; ".join(
            f"{short_name(name)}: {percent(before)} pretrained, {percent(after)} warm start"
            for name, before, after in zip(
                names, accuracies[PRETRAINED], accuracies[WARM_START], strict=True
            )
        ),
        height=56 + ROW_HEIGHT * len(names),
    )
