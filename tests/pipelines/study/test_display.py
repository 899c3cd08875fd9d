"""What a study prints without a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from modules.study.cells import Cell, CellResult
from pipelines.study import display as study_display
from pipelines.study.display import StudyDisplay


def result(repeat: int) -> CellResult:
    return CellResult(Cell(repeat, 1, "joint"), correct=97, total=100, seconds=12.3)


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


def test_the_last_cell_is_always_shown_and_others_only_now_and_then(
    output: io.StringIO,
) -> None:
    with StudyDisplay(Console(file=output, width=100), total=3, kept=0) as display:
        for repeat in range(3):
            display.finished(result(repeat))
    (line,) = output.getvalue().splitlines()
    assert line.startswith("  3/3  joint, 1 shot, repeat 2: 97.0% in 12 s")


def test_finished_cells_are_counted_but_take_no_time(
    output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 150.0])
    monkeypatch.setattr(study_display.time, "monotonic", lambda: next(clock, 150.0))
    with StudyDisplay(Console(file=output, width=100), total=8, kept=4) as display:
        display.finished(result(0))
    kept, line = output.getvalue().splitlines()
    assert kept == "  4 of 8 cells are already finished"
    # One cell in 50 s, three to go.
    assert line.endswith("2 min left")
    assert line.startswith("  5/8")
