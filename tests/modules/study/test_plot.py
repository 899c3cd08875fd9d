"""The plot of a study."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from modules.study.plot import COLOURS, draw_lines, write_plot
from modules.study.summary import SummaryRow

ROWS = [
    SummaryRow("joint", 0, (0.91, 0.92)),
    SummaryRow("joint", 10, (0.98, 0.99)),
    SummaryRow("scratch", 10, (0.9,)),
    SummaryRow("zero_shot", 0, (0.93,)),
    SummaryRow("zero_shot", 10, (0.93,)),
]


def test_equal_studies_give_equal_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_plot(ROWS, "a to b", tmp_path / name, "study")
    for ending in ("svg", "png"):
        one, two = (tmp_path / name / f"study.{ending}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_both_files_are_whole_images(tmp_path: Path) -> None:
    svg, png = write_plot(ROWS, "a to b", tmp_path, "study")
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    with Image.open(png) as image:
        image.load()
        assert image.width > image.height > 500


def test_another_accuracy_moves_a_point(tmp_path: Path) -> None:
    _, png = write_plot(ROWS, "a to b", tmp_path, "one")
    _, other = write_plot([*ROWS[:-3], *ROWS[3:]], "a to b", tmp_path, "two")
    assert png.read_bytes() != other.read_bytes()


def test_every_marker_lies_whole_within_the_axes() -> None:
    axes = Figure().add_subplot()
    draw_lines(axes, ROWS, COLOURS, "#000000")
    low, high = axes.get_xlim()
    lines = [line for line in axes.get_lines() if line.get_marker() in ("o", "s", "D")]
    points = np.concatenate([np.asarray(line.get_xdata(), np.float64) for line in lines])
    assert low + 0.1 < points.min() < points.max() < high - 0.1
