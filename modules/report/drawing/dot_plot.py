"""Dot plots: a row for each class, a mark for each series, and a line that joins the marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from modules.core.wording import display_name
from modules.report.drawing.palette import RULE

MOST_ROWS = 24
ROW_HEIGHT = 17  # points

_LONGEST_NAME = 14

Shares = Sequence[float | None]  # by row; None has no mark


def short_name(name: str) -> str:
    """Shortens the name of a class to fit beside a row."""
    return display_name(name, _LONGEST_NAME)


def draw_rows(axes: Axes, names: Sequence[str], series: Sequence[Shares]) -> None:
    """Prepares a row for each class, from the top, with a line from its lowest to highest share.

    A row in which a share is missing has no line.
    """
    for row, shares in enumerate(zip(*series, strict=True)):
        if None not in shares:
            axes.plot([min(shares), max(shares)], [row, row], color=RULE, linewidth=2.5, zorder=1)
    axes.set_yticks(range(len(names)), [short_name(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    measure_across(axes)


def draw_marks(axes: Axes, shares: Shares, marker: str, **style: Any) -> None:
    """Draws one series' marks: `style` is matplotlib's, with the label for the legend."""
    known = {row: share for row, share in enumerate(shares) if share is not None}
    axes.plot(list(known.values()), list(known), marker, clip_on=False, **style)


def measure_across(axes: Axes) -> None:
    """Makes the horizontal axis the one that measures, in percent."""
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.locator_params(axis="x", nbins=5)
