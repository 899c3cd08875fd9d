"""The benchmark's figures: medians with their spread, and speeds that were really measured."""

from __future__ import annotations

import pytest

from benchmarks.run import print_table, row
from benchmarks.training_step import fit_speed, loop_speed, random_digits


def test_a_figure_is_the_median_with_its_spread() -> None:
    assert row("loop", [3.0, 1.0, 2.0], "times") == {
        "name": "loop",
        "unit": "times",
        "median": 2.0,
        "min": 1.0,
        "max": 3.0,
    }


def test_the_table_shows_each_figure(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([row("loop / fit", [1.5], "times"), row("framing", [23456.7], "images/s")])
    shown = capsys.readouterr().out
    assert "1.50" in shown
    assert "23,457" in shown


def test_both_sides_train_on_the_same_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.training_step._STEPS", 2)
    examples = random_digits(200)
    assert loop_speed("float32", examples) > 0
    assert fit_speed("float32", examples) > 0
