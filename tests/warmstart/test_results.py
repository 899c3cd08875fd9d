"""Results are read from the files of an output folder, and shown in a notebook."""

from __future__ import annotations

import dataclasses
import html
import json
from pathlib import Path
from typing import Any

import pytest

from modules.core.errors import DataError
from modules.study.summary import SummaryRow
from pipelines.checking.lines import CheckLine
from warmstart.checking import CheckResult
from warmstart.running import RunResult
from warmstart.studies import StudyResult

RESULT: dict[str, Any] = {
    "verdict": "not_blessed",
    "reasons": ["No gain is proven."],
    "arms": {"warm_start": {"accuracy": 0.5, "ci95": [0.4, 0.6], "correct": 5, "total": 10}},
    "pushed_to": None,
    "seconds": {"total": 3.5},
}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "result.json").write_text(json.dumps(RESULT))
    (tmp_path / "report.html").write_text('<p class="x">the report</p>')
    return tmp_path


def test_a_run_says_what_its_file_says(output: Path) -> None:
    result = RunResult.read(output)
    assert (result.verdict, result.blessed) == ("not_blessed", False)
    assert result.reasons == ("No gain is proven.",)
    assert result.accuracies == {"warm_start": 0.5}
    assert dataclasses.astuple(result.arms["warm_start"]) == (0.5, (0.4, 0.6), 5, 10)
    assert result.pushed_to is None
    assert result.report == output / "report.html"
    assert result.seconds == {"total": 3.5}


def test_a_run_cannot_be_changed(output: Path) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunResult.read(output).output = Path("elsewhere")  # type: ignore[misc]


@pytest.mark.parametrize("content", [None, "{", ""])
def test_a_folder_without_a_finished_run_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "result.json").write_text(content)
    with pytest.raises(DataError, match="expected the result of a run"):
        RunResult.read(tmp_path)


def test_a_run_shows_its_report_in_a_frame(output: Path) -> None:
    shown = RunResult.read(output)._repr_html_()
    _, _, source = shown.partition('srcdoc="')
    assert html.unescape(source.partition('"')[0]) == '<p class="x">the report</p>'


def test_a_study_shows_table_and_plot(tmp_path: Path) -> None:
    (tmp_path / "study.png").write_bytes(b"png")
    rows = (SummaryRow("joint", 5, (0.5, 0.7)), SummaryRow("scratch", 5, (0.25,)))
    shown = StudyResult(tmp_path, rows, {})._repr_html_()
    assert "<td>joint</td><td>60.0 ± 14.1</td>" in shown
    assert "data:image/png;base64,cG5n" in shown


def test_a_check_is_ready_unless_something_would_stop_a_run() -> None:
    warned = CheckResult((CheckLine("ok", "fine"), CheckLine("warning", "<b>")))
    assert warned.ready
    assert warned.warnings == ("<b>",)
    assert "<td>&lt;b&gt;</td>" in warned._repr_html_()
    stopped = CheckResult((CheckLine("error", "missing"),))
    assert not stopped.ready
    assert stopped.errors == ("missing",)
