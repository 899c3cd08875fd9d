"""A benchmark's figures: medians with their spread, held against what is wanted."""

from __future__ import annotations

import pytest

from benchmarks.figure import Figure, Wanted, at_least, at_most, ratio


def test_a_figure_is_the_median_with_its_spread() -> None:
    assert Figure("loop", [3.0, 1.0, 2.0], "times", at_least(1.6)).as_json() == {
        "name": "loop",
        "unit": "times",
        "median": 2.0,
        "min": 1.0,
        "max": 3.0,
        "wanted": "≥ 1.6",
        "reached": "yes",
    }


@pytest.mark.parametrize(
    ("wanted", "verdict"),
    [(at_least(2), "yes"), (at_least(2.1), "no"), (at_most(2), "yes"), (at_most(1.9), "no")],
)
def test_the_median_decides_whether_a_bound_is_reached(wanted: Wanted, verdict: str) -> None:
    assert Figure("step", [9.0, 2.0, 0.1], "times", wanted).verdict == verdict


def test_without_a_bound_there_is_no_verdict() -> None:
    assert Figure("step", [1.0], "s").as_json()["reached"] is None


def test_sides_are_compared_repeat_by_repeat() -> None:
    assert ratio("speed-up", [2.0, 40.0], [1.0, 10.0]).values == [2.0, 4.0]
