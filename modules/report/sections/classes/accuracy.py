"""Accuracy by class and arm, worst class first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from modules.core.arms import WARM_START
from modules.core.wording import ARM_NAMES, percent
from modules.report.drawing.arm_styles import ARM_STYLES
from modules.report.drawing.dot_plot import measure_across, short_name
from modules.report.drawing.interval_plot import INTERVAL_ROW_HEIGHT, draw_intervals
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.class_scores import ClassScore, class_scores
from modules.report.evidence.predictions import Predictions
from modules.report.evidence.shown_arms import shown_arms
from modules.report.evidence.shown_classes import MOST_SHOWN
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_WORST = 20  # of many classes: rows of the figure, and of the table until it is unfolded


def classes_section(data: ReportData) -> Section:
    """Shows each class's accuracy in each arm.

    The table has every class. So has the figure, unless there are too many: then it has the worst,
    and a second figure shows how the accuracies of all are distributed.
    """
    scores, arms = class_scores(data.evaluation), shown_arms(data.evaluation)
    is_whole = len(scores) <= MOST_SHOWN
    drawn = scores if is_whole else scores[:_WORST]
    mistakes = _frequent_mistakes(data.predictions, data.evaluation["target"]["classes"])
    return Section(
        "classes",
        "Accuracy by class",
        {
            "whole": is_whole,
            "worst": _WORST,
            "table": [_row(score, mistakes.get(score.label)) for score in scores],
            "arm_names": [ARM_NAMES[arm] for arm in arms],
            "candidate": ARM_NAMES[WARM_START],
            "figure": _intervals(drawn, arms, is_whole),
            "distribution": None if is_whole else _distribution(scores, arms),
            "quantiles": [] if is_whole else [_quantiles(scores, arm) for arm in arms],
        },
    )


def _row(score: ClassScore, mistake: tuple[str, int] | None) -> dict[str, Any]:
    return {
        "name": score.name,
        "total": score.total,
        "accuracies": list(score.accuracies.values()),
        "interval": score.intervals[WARM_START],
        "mistake": mistake,
    }


def _frequent_mistakes(
    predictions: Predictions, names: Sequence[str]
) -> dict[int, tuple[str, int]]:
    """Finds what the warm start takes each class for most often, with how often, by label."""
    confusion = predictions.confusion(WARM_START, len(names))
    np.fill_diagonal(confusion, 0)
    answers, counts = confusion.argmax(axis=1), confusion.max(axis=1)
    return {
        int(label): (names[answers[label]], int(counts[label])) for label in np.flatnonzero(counts)
    }


def _intervals(scores: Sequence[ClassScore], arms: Sequence[str], is_whole: bool) -> Markup:
    def draw(axes: Axes) -> None:
        draw_intervals(
            axes,
            [score.name for score in scores],
            {arm: [score.accuracies[arm] for score in scores] for arm in arms},
            {arm: [score.intervals[arm] for score in scores] for arm in arms},
        )

    return draw_svg(
        draw,
        name="classes",
        title="Accuracy by class in each arm, with 95 % intervals"
        + ("" if is_whole else f": the {len(scores)} worst classes"),
        description="; ".join(f"{short_name(score.name)}: {_words(score)}" for score in scores),
        height=56 + INTERVAL_ROW_HEIGHT * len(scores),
    )


def _words(score: ClassScore) -> str:
    return ", ".join(
        f"{percent(share)} {ARM_NAMES[arm].lower()}" for arm, share in score.accuracies.items()
    )


def _distribution(scores: Sequence[ClassScore], arms: Sequence[str]) -> Markup:
    def draw(axes: Axes) -> None:
        for arm in arms:
            style = ARM_STYLES[arm]
            # A share of the classes for every accuracy: no bin hides anything.
            axes.ecdf(
                _known(scores, arm), color=style.colour, linestyle=style.dashes, label=style.name
            )
        measure_across(axes)
        axes.grid(True, axis="y")
        axes.set_xlim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        axes.set_xlabel("accuracy of a class")
        axes.set_ylabel("share of classes up to there")
        axes.figure.legend(loc="outside upper left", ncols=len(arms), handlelength=2.2)

    return draw_svg(
        draw,
        name="class-accuracies",
        title="How the accuracies of all classes are distributed, for each arm",
        description="; ".join(
            f"{row['arm']}: half of the classes up to {percent(row['half'])}"
            for row in (_quantiles(scores, arm) for arm in arms)
        ),
        height=210,
    )


def _quantiles(scores: Sequence[ClassScore], arm: str) -> dict[str, Any]:
    known = _known(scores, arm)
    lowest, tenth, half = np.quantile(known, [0.0, 0.1, 0.5], method="inverted_cdf").tolist()
    return {
        "arm": ARM_NAMES[arm],
        "lowest": lowest,
        "tenth": tenth,
        "half": half,
        "faultless": int((known == 1.0).sum()),
    }


def _known(scores: Sequence[ClassScore], arm: str) -> npt.NDArray[np.float64]:
    accuracies = (score.accuracies[arm] for score in scores)
    return np.array([accuracy for accuracy in accuracies if accuracy is not None])
