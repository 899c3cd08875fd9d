"""`make bench` measures both sides and shows each figure beside what is wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import run
from benchmarks.figure import Figure, at_most
from benchmarks.framing import framing_speed
from benchmarks.random_digits import random_digits


def test_the_table_shows_each_figure_and_whether_it_is_reached(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = [
        Figure("loop / fit", [1.5], "times"),
        Figure("framing", [23456.7], "images/s"),
        Figure("run", [80.0], "s", at_most(75)),
    ]
    run.print_table(figures)
    shown = capsys.readouterr().out
    assert "1.50" in shown
    assert "23,457" in shown
    assert "≤ 75" in shown
    assert "no" in shown


def test_one_benchmark_can_be_asked_for_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.json")
    done = CliRunner().invoke(run.main, ["--only", "framing", "--repeats", "1"])
    assert done.exit_code == 0, done.output
    (figure,) = json.loads((tmp_path / "results.json").read_text())["figures"]
    assert figure["median"] > 0
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "results.md"}
    assert figure["name"] in (tmp_path / "results.md").read_text()


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    done = CliRunner().invoke(run.main, ["--only", "framming"])
    assert done.exit_code == 2
    assert "framing" in done.output


def test_framing_is_measured_on_real_batches() -> None:
    assert framing_speed(random_digits(10).images) > 0
