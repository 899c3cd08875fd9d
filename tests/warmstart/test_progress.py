"""The caller's function hears of components, their work and a study's trainings."""

from __future__ import annotations

import logging

import pytest

from modules.core.progress import PROGRESS_LOGGER, report_progress
from modules.study.cells import Cell, CellResult
from warmstart.progress import ProgressUpdate, RunReporter, StudyReporter


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[ProgressUpdate]:
    monkeypatch.setattr(logging.getLogger(PROGRESS_LOGGER), "level", logging.INFO)
    return []


def test_a_run_is_told_in_order(heard: list[ProgressUpdate]) -> None:
    with RunReporter(heard.append) as reporter:
        reporter.planned(["Gen", "Trainer"])
        reporter.started("Gen")
        reporter.finished("Gen", 1.0, cached=True)
        reporter.started("Trainer")
        report_progress(3, 10, loss=0.25)
        reporter.finished("Trainer", 1.0, cached=False)
    report_progress(4, 10)
    assert [str(update) for update in heard] == [
        "1/2 Gen: started",
        "1/2 Gen: cached",
        "2/2 Trainer: started",
        "2/2 Trainer: step 3/10 loss=0.2500",
        "2/2 Trainer: finished",
    ]
    assert heard[3].metrics == {"loss": 0.25}


def test_a_function_that_raises_stops_the_work(heard: list[ProgressUpdate]) -> None:
    def stop(update: ProgressUpdate) -> None:
        raise RuntimeError("enough")

    with RunReporter(stop), pytest.raises(RuntimeError, match="enough"):
        report_progress(1, 2)


def test_a_study_counts_its_trainings(heard: list[ProgressUpdate]) -> None:
    with StudyReporter(heard.append).of_cells(total=8, kept=6) as cells:
        cells.finished(CellResult(Cell(0, 5, "joint"), correct=3, total=4, seconds=1.0))
    (update,) = heard
    assert (update.component, update.done, update.total, update.unit) == ("joint", 7, 8, "training")
    assert update.metrics == {"shots": 5.0, "accuracy": 0.75}
