"""Marks with intervals, a row for each class."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from modules.core.arms import ARMS, PRETRAINED, WARM_START
from modules.evaluation.paired_statistics import Interval
from modules.report.drawing.arm_styles import ARM_STYLES
from modules.report.drawing.interval_plot import draw_intervals


def drawn_points(line: Line2D) -> list[list[float]]:
    return np.column_stack([line.get_xdata(), line.get_ydata()]).tolist()


def test_every_class_with_examples_has_a_mark_within_its_interval() -> None:
    axes = Figure().add_subplot()
    shares: Mapping[str, list[float | None]] = {PRETRAINED: [0.5, None], WARM_START: [0.9, 0.75]}
    intervals: Mapping[str, list[Interval | None]] = {
        PRETRAINED: [(0.4, 0.6), None],
        WARM_START: [(0.8, 0.95), (0.5, 0.9)],
    }
    draw_intervals(axes, ["a", "b"], shares, intervals)
    marks = [[share for share, _ in drawn_points(line)] for line in axes.lines]
    assert marks == [[0.5], [0.9, 0.75]]
    lines = [each for each in axes.collections if isinstance(each, LineCollection)]
    drawn = [[part[:, 0].tolist() for part in each.get_segments()] for each in lines]
    assert drawn[:2] == [[[0.4, 0.6]], [[0.8, 0.95], [0.5, 0.9]]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]


def test_the_arms_of_a_row_do_not_hide_each_other() -> None:
    axes = Figure().add_subplot()
    draw_intervals(axes, ["a"], {arm: [0.5] for arm in ARMS}, {arm: [(0.4, 0.6)] for arm in ARMS})
    heights = [height for line in axes.lines for _, height in drawn_points(line)]
    assert len({round(height, 6) for height in heights}) == len(ARMS)
    assert all(-0.5 < height < 0.5 for height in heights)


def test_arms_differ_in_colour_mark_and_line_alike() -> None:
    for one, other in combinations(ARM_STYLES.values(), 2):
        assert one.colour != other.colour
        assert one.marker != other.marker
        assert one.dashes != other.dashes
