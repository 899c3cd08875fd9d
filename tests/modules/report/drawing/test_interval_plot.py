"""Marks with intervals, a row for each class."""

from __future__ import annotations

from itertools import combinations

from matplotlib.figure import Figure

from modules.core.arms import ARMS, PRETRAINED, WARM_START
from modules.report.drawing.arm_styles import ARM_STYLES
from modules.report.drawing.interval_plot import draw_intervals


def test_every_class_with_examples_has_a_mark_within_its_interval() -> None:
    axes = Figure().add_subplot()
    shares = {PRETRAINED: [0.5, None], WARM_START: [0.9, 0.75]}
    intervals = {PRETRAINED: [(0.4, 0.6), None], WARM_START: [(0.8, 0.95), (0.5, 0.9)]}
    draw_intervals(axes, ["a", "b"], shares, intervals)
    pretrained, warm_start = axes.lines
    assert list(pretrained.get_xdata()) == [0.5]
    assert list(warm_start.get_xdata()) == [0.9, 0.75]
    drawn = [segment[:, 0].tolist() for segment in axes.collections[1].get_segments()]
    assert drawn == [[0.8, 0.95], [0.5, 0.9]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]


def test_the_arms_of_a_row_do_not_hide_each_other() -> None:
    axes = Figure().add_subplot()
    same = {key: [0.5] for key in ARMS}
    draw_intervals(axes, ["a"], same, {key: [(0.4, 0.6)] for key in ARMS})
    heights = [line.get_ydata()[0] for line in axes.lines]
    assert len({round(height, 6) for height in heights}) == len(ARMS)
    assert all(-0.5 < height < 0.5 for height in heights)


def test_arms_differ_in_colour_mark_and_line_alike() -> None:
    for one, other in combinations(ARM_STYLES.values(), 2):
        assert one.colour != other.colour
        assert one.marker != other.marker
        assert one.dashes != other.dashes
