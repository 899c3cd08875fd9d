"""`make bench` measures both sides and shows each figure beside what is wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tensorflow as tf
from click.testing import CliRunner

from benchmarks import framing, run
from benchmarks.figure import Figure, at_most
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
    speeds = iter([10_000.0, 30_000.0, 20_000.0])
    monkeypatch.setattr(framing, "framing_speed", lambda images: next(speeds))
    done = CliRunner().invoke(run.main, ["--only", "framing", "--repeats", "3"])
    assert done.exit_code == 0, done.output
    (figure,) = json.loads((tmp_path / "results.json").read_text())["figures"]
    assert (figure["median"], figure["min"], figure["max"]) == (20_000, 10_000, 30_000)
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "results.md"}
    row = f"| {figure['name']} | 20,000 images/s | 10,000 to 30,000 | ≥ 20,000 | yes |"
    assert row in (tmp_path / "results.md").read_text().splitlines()


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    done = CliRunner().invoke(run.main, ["--only", "framming"])
    assert done.exit_code == 2
    assert "framing" in done.output


def test_framing_speed_is_images_over_seconds_without_tracing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    framed: list[int] = []
    clock = iter([100.0, 104.0])

    def frame_images(batch: tf.Tensor, size: int) -> tf.Tensor:
        tf.py_function(lambda: framed.append(1), [], [])
        return batch

    monkeypatch.setattr(framing, "frame_images", frame_images)
    monkeypatch.setattr(framing.time, "perf_counter", lambda: next(clock))
    assert framing.framing_speed(random_digits(20).images) == 20 * 10 / 4
    assert len(framed) == 1 + 10
