"""Dot plots: a row for each class, a mark for each series, and a line that joins the marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from modules.core.wording import display_name
from modules.report.drawing.palette import RULE
from modules.report.drawing.svg import draw_svg

MOST_ROWS = 24

_LONGEST_NAME = 14
_ROW_HEIGHT, _LEGEND_HEIGHT, _LABEL_HEIGHT = 17, 56, 8  # points


@dataclass(frozen=True)
class Series:
    """A mark in each row.

    Attributes:
        name: Shown in the legend.
        colour: Colour of the marks.
        marker: Their shape, as matplotlib names it.
        values: Share for each row, in [0, 1]; None leaves the mark out.
        size: Diameter of the marks, in points.
    """

    name: str
    colour: str
    marker: str
    values: Sequence[float | None]
    size: float


def short_name(name: str) -> str:
    """Shortens the name of a class to what has room beside a row."""
    return display_name(name, _LONGEST_NAME)


def draw_dot_plot(
    rows: Sequence[str],
    series: Sequence[Series],
    *,
    name: str,
    title: str,
    description: str,
    label: str | None = None,
    decimals: int | None = 0,
    from_zero: bool = False,
) -> Markup:
    """Draws shares by class.

    Args:
        rows: Names of the classes, from the top.
        series: The marks.
        name: Unique in the page.
        title: What the plot is, for screen readers.
        description: What it shows, for screen readers.
        label: Label of the axis, if it needs one.
        decimals: Decimals of the axis's percentages; None chooses.
        from_zero: Whether the axis starts at zero.

    Returns:
        The `<svg>` element.
    """

    def draw(axes: Axes) -> None:
        for row, values in enumerate(zip(*(each.values for each in series), strict=True)):
            if None not in values:
                axes.plot(
                    [min(values), max(values)], [row, row], color=RULE, linewidth=2.5, zorder=1
                )
        for each in series:
            known = [row for row, value in enumerate(each.values) if value is not None]
            axes.plot(
                [each.values[row] for row in known],
                known,
                each.marker,
                color=each.colour,
                markersize=each.size,
                label=each.name,
                clip_on=False,
            )
        axes.set_yticks(range(len(rows)), [short_name(each) for each in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        if from_zero:
            axes.set_xlim(left=0)
        measure_across(axes, decimals)
        if label:
            axes.set_xlabel(label)
        axes.figure.legend(loc="outside upper left", ncols=len(series), handletextpad=0.1)

    return draw_svg(
        draw,
        name=name,
        title=title,
        description=description,
        height=_LEGEND_HEIGHT + _ROW_HEIGHT * len(rows) + (_LABEL_HEIGHT if label else 0),
    )


def measure_across(axes: Axes, decimals: int | None = 0) -> None:
    """Makes the horizontal axis the one that measures, in percent."""
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=decimals, symbol=" %"))
    axes.locator_params(axis="x", nbins=5)
