"""A study as one page in the report's style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from modules.core.arms import SCRATCH
from modules.core.wording import display_name, points, shots_phrase
from modules.report.drawing.palette import CLASS_COLOURS, MUTED
from modules.report.drawing.svg import draw_svg
from modules.report.run_facts import reproduction_markup
from modules.report.sections.section import Section, render
from modules.settings import TransferSettings
from modules.study.cells import PROBE, ZERO_SHOT
from modules.study.plot import draw_lines
from modules.study.summary import SummaryRow, by_method_and_shots

_WIDTH, _HEIGHT = 270.0, 210.0  # points
_LEGEND_COLUMNS, _LEGEND_LINE = 2, 13.0

_ROLES = {
    TransferSettings().method: "the default recipe",
    ZERO_SHOT: "the pretrained model as it is",
    SCRATCH: "the control, without transfer",
    PROBE: "a linear classifier of the pretrained features",
}
_REFERENCES = {
    ZERO_SHOT: "the pretrained model as it is",
    PROBE: "a linear probe",
    SCRATCH: "training from scratch",
}


@dataclass(frozen=True)
class StudyFacts:
    """What a study's page shows beside the table.

    Attributes:
        source: Name of the source domain.
        target: Name of the target domain.
        eval_examples: Number of examples in the target's eval split.
        trainings: Number of all trainings.
        seed: Seed of the first repeat.
        reproduction: `command`, `environment` and `config`, each optional.
    """

    source: str
    target: str
    eval_examples: int
    trainings: int
    seed: int
    reproduction: Mapping[str, Any] = field(default_factory=dict)


def build_study_page(rows: Sequence[SummaryRow], facts: StudyFacts) -> str:
    """Builds the page.

    Args:
        rows: Rows of `modules.study.summary.summarize`, at least one.
        facts: What was studied.

    Returns:
        HTML: one self-contained file without scripts. Equal input gives equal text.
    """
    repeats = max(len(row.accuracies) for row in rows)
    return str(
        render(
            "study.html.j2",
            {
                **vars(facts),
                "methods": len({row.method for row in rows}),
                "repeats": repeats,
                "sentence": study_sentence(rows),
                "sections": [_accuracies_section(rows, repeats)],
                "reproduce": reproduction_markup({"seed": facts.seed, **facts.reproduction}),
            },
        )
    )


def study_sentence(rows: Sequence[SummaryRow]) -> Markup:
    """States the result with the most labels in one sentence, its numbers emphasised."""
    most = max(row.shots for row in rows)
    means = {row.method: row for row in rows if row.shots == most}
    best = max(means.values(), key=lambda row: row.mean)
    text = Markup(
        "With {}, {} has the highest mean accuracy: <strong>{}\N{NO-BREAK SPACE}%</strong>"
    )
    sentence = text.format(shots_phrase(most), display_name(best.method, 40), str(best))
    gaps = [
        Markup("{} points against {}").format(points(best.mean - means[method].mean), words)
        for method, words in _REFERENCES.items()
        if method in means and method != best.method
    ]
    return Markup("{}.").format(Markup(", ").join([sentence, *gaps]))


def _accuracies_section(rows: Sequence[SummaryRow], repeats: int) -> Section:
    def cell(row: SummaryRow) -> dict[str, Any]:
        means = [other.mean for other in rows if other.shots == row.shots]
        highest = len(means) > 1 and row.mean == max(means)
        return {"mean": row.mean, "sd": row.sd, "highest": highest}

    numbers, grid = by_method_and_shots(rows)
    lines = [
        {
            "method": method,
            "role": _ROLES.get(method),
            "cells": [row and cell(row) for row in cells],
        }
        for method, cells in grid.items()
    ]
    return Section(
        "accuracies",
        "Accuracy by labels",
        {
            "numbers": numbers,
            "rows": lines,
            "repeats": repeats,
            "figure": _figure(rows, len(lines)),
        },
        template="accuracies.html.j2",
    )


def _figure(rows: Sequence[SummaryRow], methods: int) -> Markup:
    def draw(axes: Axes) -> None:
        draw_lines(axes, rows, CLASS_COLOURS, MUTED)
        axes.figure.legend(loc="outside lower left", ncols=_LEGEND_COLUMNS, handlelength=2.8)

    most = max(row.shots for row in rows)
    description = "; ".join(
        f"{display_name(row.method)}: {row} %" for row in rows if row.shots == most
    )
    return draw_svg(
        draw,
        name="accuracies",
        title="Target accuracy of each method against the number of labels per class",
        description=f"With {shots_phrase(most)}: {description}. The table below has all figures.",
        height=_HEIGHT + _LEGEND_LINE * -(-methods // _LEGEND_COLUMNS),
        width=_WIDTH,
    )
