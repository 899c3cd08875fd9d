"""Interval plots: a row for each class, and in it a mark with its interval for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from modules.core.arms import WARM_START
from modules.evaluation.paired_statistics import Interval
from modules.report.drawing.arm_styles import ARM_STYLES
from modules.report.drawing.dot_plot import measure_across, short_name
from modules.report.drawing.palette import RULE

INTERVAL_ROW_HEIGHT = 20  # points

_SPREAD = 0.56  # of a row's height, from the first arm to the last


def draw_intervals(
    axes: Axes,
    names: Sequence[str],
    shares: Mapping[str, Sequence[float | None]],
    intervals: Mapping[str, Sequence[Interval | None]],
) -> None:
    """Draws the plot and its legend.

    Args:
        axes: Where to draw.
        names: Names of the classes, from the top.
        shares: Shares by row, in [0, 1], by arm; None has no mark.
        intervals: The intervals around them.
    """
    step = _SPREAD / max(1, len(shares) - 1)
    for position, (arm, own) in enumerate(shares.items()):
        style, is_candidate = ARM_STYLES[arm], arm == WARM_START
        offset = -_SPREAD / 2 + position * step
        known = [
            (row + offset, share, interval)
            for row, (share, interval) in enumerate(zip(own, intervals[arm], strict=True))
            if share is not None and interval is not None
        ]
        heights = [height for height, _, _ in known]
        axes.hlines(
            heights,
            [interval[0] for _, _, interval in known],
            [interval[1] for _, _, interval in known],
            colors=style.colour,
            linewidths=2.2 if is_candidate else 1.1,
            zorder=2,
        )
        axes.plot(
            [share for _, share, _ in known],
            heights,
            style.marker,
            color=style.colour,
            markersize=5 if is_candidate else 3.6,
            clip_on=False,
            label=style.name,
            zorder=3,
        )
    between = [row - 0.5 for row in range(1, len(names))]
    across = axes.get_yaxis_transform()
    axes.hlines(between, 0, 1, colors=RULE, linewidths=0.5, zorder=0, transform=across)
    axes.set_yticks(range(len(names)), [short_name(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(right=1.0)
    measure_across(axes)
    axes.figure.legend(loc="outside upper left", ncols=len(shares), handletextpad=0.1)
