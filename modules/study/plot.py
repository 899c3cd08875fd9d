"""Accuracy against shots, a line a method, with the spread over repeats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from modules.study.cells import ZERO_SHOT
from modules.study.summary import SummaryRow

# The report's colours of classes, on paper: told apart by markers and dashes too.
_PAPER, _INK, _MUTED, _RULE = "#ffffff", "#1c2027", "#59606c", "#dfdcd4"
COLOURS = (
    "#0c6f68",
    "#3568a8",
    "#c25e12",
    "#7a55a6",
    "#b5333a",
    "#3a7d34",
    "#b8478f",
    "#83573f",
    "#8a7a12",
    "#12808c",
)
_MARKERS = "osD^v<>Pph"
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)))
_DODGE, _WIDEST_DODGE = 0.04, 0.36  # between two methods at one number of shots, and in all
STYLE = {
    "svg.hashsalt": "warmstart",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "figure.facecolor": _PAPER,
    "savefig.facecolor": _PAPER,
    "axes.facecolor": _PAPER,
    "axes.edgecolor": _RULE,
    "axes.labelcolor": _MUTED,
    "axes.titlecolor": _INK,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": _RULE,
    "xtick.color": _RULE,
    "ytick.color": _RULE,
    "xtick.labelcolor": _MUTED,
    "ytick.labelcolor": _MUTED,
    "text.color": _INK,
    "legend.frameon": False,
    "legend.labelcolor": _INK,
}


def write_plot(rows: Sequence[SummaryRow], title: str, folder: Path, name: str) -> list[Path]:
    """Draws a study as `<name>.svg` and `<name>.png`; equal input gives equal files.

    Args:
        rows: Of `modules.study.summary.summarize`, at least one.
        title: What was studied.
        folder: Where the two files go.
        name: Of the files, without the ending.

    Returns:
        The files.
    """
    paths = [folder / f"{name}.{ending}" for ending in ("svg", "png")]
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(7.2, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw_lines(axes, rows, COLOURS, _MUTED)
        axes.set_title(title)
        figure.legend(loc="outside right upper", handlelength=2.8)
        figure.savefig(paths[0], metadata={"Date": None})
        figure.savefig(paths[1], dpi=160, metadata={"Software": None})
    return paths


def draw_lines(
    axes: Axes, rows: Sequence[SummaryRow], colours: Sequence[str], zero_shot_colour: str
) -> None:
    """Draws a line a method, with the spread over repeats, against the number of shots.

    Args:
        axes: Where to draw; the legend is left to the caller.
        rows: Of `modules.study.summary.summarize`, at least one.
        colours: Of the methods, by turns; markers and dashes tell them apart too.
        zero_shot_colour: Of the pretrained model as it is, a level.
    """
    numbers = sorted({row.shots for row in rows})
    methods = list(dict.fromkeys(row.method for row in rows))
    dodge = min(_DODGE, _WIDEST_DODGE / len(methods))
    for place, method in enumerate(methods):
        offset = dodge * (place - (len(methods) - 1) / 2)
        own = [row for row in rows if row.method == method]
        heights = [100 * row.mean for row in own]
        if method == ZERO_SHOT:
            axes.axhline(
                heights[0], color=zero_shot_colour, linestyle=":", linewidth=1.4, label=method
            )
            continue
        axes.errorbar(
            [numbers.index(row.shots) + offset for row in own],
            heights,
            yerr=[100 * (row.sd or 0.0) for row in own],
            color=colours[place % len(colours)],
            marker=_MARKERS[(place + 3 * (place // len(colours))) % len(_MARKERS)],
            linestyle=_DASHES[place // len(colours)],
            markersize=4,
            linewidth=1.5,
            elinewidth=1,
            capsize=2,
            label=method,
        )
    axes.set_xticks(range(len(numbers)), [str(number) for number in numbers])
    axes.set_xlim(-_WIDEST_DODGE, len(numbers) - 1 + _WIDEST_DODGE)
    axes.tick_params(length=0)
    axes.set_xlabel("labelled target images per class")
    axes.set_ylabel("target accuracy, %")
