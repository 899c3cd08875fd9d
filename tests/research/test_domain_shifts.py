"""The table of the generated shifts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from modules.study.summary import SummaryRow
from research.domain_shifts import HEADER, ShiftResult, write_shifts


def result(name: str, zero_shot: float, recipe: float) -> ShiftResult:
    rows = [SummaryRow("zero_shot", shots, (zero_shot,)) for shots in (1, 10)]
    for shots, scratch in ((1, 0.5), (10, 0.8)):
        rows.append(SummaryRow("scratch", shots, (scratch, scratch + 0.02)))
        rows.append(SummaryRow("joint", shots, (recipe, recipe)))
    return ShiftResult(name, rows, "joint")


RESULTS = [result("blur", 0.9, 0.95), result("noise", 0.96, 0.95)]


def test_gains_are_points_above_zero_shot_and_may_be_negative() -> None:
    assert [shift.gain(10) for shift in RESULTS] == pytest.approx([5.0, -1.0])
    assert RESULTS[1].line()[-2:] == ["-1.0", "-1.0"]


def test_each_shift_is_a_line_of_the_table(tmp_path: Path) -> None:
    lines = write_shifts(RESULTS, tmp_path).splitlines()
    assert lines[0].count("|") == len(HEADER) + 1
    assert lines[2] == (
        "| blur | 90.0 | 51.0 ± 1.4 | 95.0 ± 0.0 | 81.0 ± 1.4 | 95.0 ± 0.0 | +5.0 | +5.0 |"
    )
    assert lines == (tmp_path / "shifts.md").read_text().splitlines()


def test_the_csv_has_every_arm_and_the_plot_is_drawn(tmp_path: Path) -> None:
    write_shifts(RESULTS, tmp_path)
    with (tmp_path / "shifts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 5
    assert rows[0] == {
        "shift": "blur",
        "method": "zero_shot",
        "shots": "1",
        "repeats": "1",
        "mean": "0.9",
        "sd": "",
    }
    assert (tmp_path / "shifts.png").read_bytes().startswith(b"\x89PNG")
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".md", ".png"}
