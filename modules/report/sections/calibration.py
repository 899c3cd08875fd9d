"""The reliability diagram."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from modules.core.wording import ARM_NAMES, percent
from modules.report.drawing.arm_styles import ARM_STYLES
from modules.report.drawing.palette import MUTED
from modules.report.drawing.svg import draw_svg
from modules.report.evidence.calibration import Reliability, reliability
from modules.report.evidence.shown_arms import shown_arms
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_FEWEST_ANSWERS = 5  # in a bin that is drawn
_LARGEST_MARKER = 11.0
_SMALLEST_MARKER = 3.0


def calibration_section(data: ReportData) -> Section:
    """Shows how far each arm's confidence can be trusted."""
    predictions = data.predictions
    arms = {
        arm: reliability(
            predictions.confidence[arm], predictions.predicted[arm] == predictions.labels
        )
        for arm in shown_arms(data.evaluation)
    }
    return Section(
        "calibration",
        "Calibration",
        {
            "rows": [
                {
                    "arm": ARM_NAMES[arm],
                    "error": bins.expected_calibration_error,
                    "overconfidence": bins.overconfidence,
                }
                for arm, bins in arms.items()
            ],
            "figure": _diagram(arms),
            "fewest": _FEWEST_ANSWERS,
        },
    )


def _diagram(arms: Mapping[str, Reliability]) -> Markup:
    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(
            "perfectly calibrated",
            (0.03, 0.06),
            color=MUTED,
            rotation=45,
            rotation_mode="anchor",
            transform_rotates_text=True,
        )
        for arm, bins in arms.items():
            style = ARM_STYLES[arm]
            enough = bins.counts >= _FEWEST_ANSWERS
            x_values, y_values = bins.confidence[enough], bins.accuracy[enough]
            axes.plot(
                x_values, y_values, color=style.colour, linestyle=style.dashes, label=style.name
            )
            share = np.sqrt(bins.counts[enough] / bins.counts.sum())
            for x, y, size in zip(x_values, y_values, share, strict=True):
                diameter = _SMALLEST_MARKER + (_LARGEST_MARKER - _SMALLEST_MARKER) * size
                axes.plot(x, y, style.marker, color=style.colour, markersize=diameter)
        axes.set_xlim(0, 1.04)
        axes.set_ylim(0, 1.04)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        axes.set_xlabel("confidence")
        axes.set_ylabel("accuracy")
        axes.figure.legend(loc="outside upper left", ncols=len(arms), handlelength=2.2)

    return draw_svg(
        draw,
        name="calibration",
        title="Reliability diagram: accuracy by confidence, for each arm",
        description="; ".join(
            f"{ARM_NAMES[arm]}: expected calibration error "
            f"{percent(bins.expected_calibration_error)}"
            for arm, bins in arms.items()
        ),
        height=230,
    )
