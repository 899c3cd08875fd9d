"""The plot of a study."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from modules.report.drawing.palette import light_colours
from modules.study.plot import COLOURS, draw_lines, write_plot
from modules.study.summary import SummaryRow

ROWS = [
    SummaryRow("joint", 0, (0.91, 0.92)),
    SummaryRow("joint", 10, (0.98, 0.99)),
    SummaryRow("scratch", 10, (0.9,)),
    SummaryRow("zero_shot", 0, (0.93,)),
    SummaryRow("zero_shot", 10, (0.93,)),
]


def plot(path: Path, rows: Sequence[SummaryRow] = ROWS) -> bytes:
    write_plot(rows, "a to b", path)
    return path.read_bytes()


def test_equal_studies_give_equal_files(tmp_path: Path) -> None:
    assert plot(tmp_path / "one.png") == plot(tmp_path / "two.png")


def test_the_file_is_a_whole_image(tmp_path: Path) -> None:
    with Image.open(io.BytesIO(plot(tmp_path / "study.png"))) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width > image.height > 500


def test_another_accuracy_moves_a_point(tmp_path: Path) -> None:
    moved = [*ROWS[:1], replace(ROWS[1], accuracies=(0.95, 0.96)), *ROWS[2:]]
    assert plot(tmp_path / "one.png") != plot(tmp_path / "two.png", moved)


def test_it_has_the_pages_light_colours(tmp_path: Path) -> None:
    with Image.open(io.BytesIO(plot(tmp_path / "study.png"))) as image:
        pixels = np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
    colours = {f"#{bytes(pixel).hex()}" for pixel in pixels}
    assert {light_colours()[name] for name in ("card", "muted", "warm-start", "class-0")} <= colours


def test_every_marker_lies_whole_within_the_axes() -> None:
    axes = Figure().add_subplot()
    draw_lines(axes, ROWS, COLOURS, "#000000")
    low, high = axes.get_xlim()
    lines = [line for line in axes.get_lines() if line.get_marker() in ("o", "s", "D")]
    points = np.concatenate([np.asarray(line.get_xdata(), np.float64) for line in lines])
    assert low + 0.1 < points.min() < points.max() < high - 0.1
