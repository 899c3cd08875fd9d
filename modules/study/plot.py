"""Accuracy against shots: one line for each method, with the spread over repeats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from modules.report.drawing.palette import light_colours
from modules.report.drawing.style import chart_style
from modules.study.cells import ZERO_SHOT
from modules.study.summary import SummaryRow, by_method_and_shots

_LIGHT = light_colours()
# Neighbours in this order are easy to distinguish.
COLOURS = (
    _LIGHT["warm-start"],
    *(_LIGHT[f"class-{number}"] for number in (0, 1, 4, 3, 2, 6, 5, 8, 9)),
)
_MARKERS = "osD^v<>Pph"
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)))
_DODGE, _WIDEST_DODGE = 0.04, 0.36  # between two methods at one number of shots, and in all
_STYLE = chart_style(
    ink=_LIGHT["ink"], muted=_LIGHT["muted"], rule=_LIGHT["rule"], background=_LIGHT["card"]
) | {"font.size": 9, "axes.titlesize": 10, "axes.titlelocation": "left"}


@contextmanager
def png_figure(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """Yields an empty figure, size in inches, and saves it as PNG at the end of the block.

    Equal figures give equal files.
    """
    with matplotlib.style.context(["default", _STYLE]):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        figure.savefig(path, dpi=160, metadata={"Software": None})


def write_plot(rows: Sequence[SummaryRow], title: str, path: Path) -> None:
    """Draws a study as a PNG file. Equal input gives equal files.

    Args:
        rows: Rows of `modules.study.summary.summarize`, at least one.
        title: What was studied.
        path: The file to write.
    """
    with png_figure(path, (7.2, 4.4)) as figure:
        axes = figure.add_subplot()
        draw_lines(axes, rows, COLOURS, _LIGHT["muted"])
        axes.set_title(title)
        figure.legend(loc="outside right upper", handlelength=2.8)


def draw_lines(
    axes: Axes, rows: Sequence[SummaryRow], colours: Sequence[str], zero_shot_colour: str
) -> None:
    """Draws a line for each method, with the spread over repeats, against the number of shots.

    Args:
        axes: Where to draw. The legend is left to the caller.
        rows: Rows of `modules.study.summary.summarize`, at least one.
        colours: Colours of the methods, in turn. Markers and dashes distinguish methods too.
        zero_shot_colour: Colour of the pretrained model's level line.
    """
    numbers, grid = by_method_and_shots(rows)
    dodge = min(_DODGE, _WIDEST_DODGE / len(grid))
    for place, (method, cells) in enumerate(grid.items()):
        offset = dodge * (place - (len(grid) - 1) / 2)
        own = [row for row in cells if row]
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
    axes.set_xlabel("labelled target images per class")
    axes.set_ylabel("target accuracy, %")
