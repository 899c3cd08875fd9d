"""The look that every chart shares."""

from __future__ import annotations

from typing import Any


def chart_style(*, ink: str, muted: str, rule: str, background: str) -> dict[str, Any]:
    """Returns matplotlib's settings for a chart.

    Args:
        ink: Colour of titles and text.
        muted: Colour of labels.
        rule: Colour of the axes and the grid.
        background: Colour behind the chart, or "none".

    Returns:
        Settings for `matplotlib.style.context`, on top of "default".
    """
    return {
        "svg.hashsalt": "warmstart",
        "font.family": "DejaVu Sans",
        "figure.facecolor": background,
        "savefig.facecolor": background,
        "axes.facecolor": background,
        "axes.edgecolor": rule,
        "axes.labelcolor": muted,
        "axes.titlecolor": ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": rule,
        "xtick.color": rule,
        "ytick.color": rule,
        "xtick.labelcolor": muted,
        "ytick.labelcolor": muted,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "text.color": ink,
        "legend.frameon": False,
        "legend.labelcolor": ink,
    }
