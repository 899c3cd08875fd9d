"""Dot plots: a row for each class, a mark for each series, and a line that joins the marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from modules.core.wording import display_name
from modules.report.drawing.palette import RULE

ROW_HEIGHT = 17  # points

_LONGEST_NAME = 14

Shares = Sequence[float | None]  # by row; None has no mark


def short_name(name: str) -> str:
    """Shortens the name of a class to fit beside a row."""
    return display_name(name, _LONGEST_NAME)


def draw_dots(
    axes: Axes, names: Sequence[str], series: Sequence[Shares], styles: Sequence[dict[str, Any]]
) -> None:
    """Draws the plot and its legend.

    Args:
        axes: Where to draw.
        names: Names of the classes, from the top.
        series: Shares of every series, in [0, 1].
        styles: matplotlib's for each series' marks, with the label for the legend.
    """
    for row, own in enumerate(zip(*series, strict=True)):
        if None not in own:
            axes.plot([min(own), max(own)], [row, row], color=RULE, linewidth=2.5, zorder=1)
    for shares, style in zip(series, styles, strict=True):
        known = {row: share for row, share in enumerate(shares) if share is not None}
        axes.plot(list(known.values()), list(known), linestyle="none", clip_on=False, **style)
    axes.set_yticks(range(len(names)), [short_name(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    measure_across(axes)
    axes.figure.legend(loc="outside upper left", ncols=len(series), handletextpad=0.1)


def measure_across(axes: Axes) -> None:
    """Makes the horizontal axis the one that measures, in percent."""
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.locator_params(axis="x", nbins=5)
