"""The time that is left: by earlier runs, the pace of this one and the steps it reports."""

from __future__ import annotations

import pytest

from pipelines.running.timing.time_left import RunEstimate, duration_phrase


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("pipelines.running.timing.time_left.time.monotonic", clock)
    return clock


def test_what_the_components_took_before_is_left(clock: Clock) -> None:
    estimate = RunEstimate(["A", "B"], {"A": 10, "B": 30})
    estimate.start()
    clock.now += 4
    assert estimate.left() == pytest.approx(6 + 30)
    assert estimate.share() == pytest.approx(4 / 40)


def test_what_the_cache_serves_is_done_at_once_and_says_nothing_about_the_pace(
    clock: Clock,
) -> None:
    estimate = RunEstimate(["A", "B"], {"A": 10, "B": 30})
    estimate.start()
    estimate.finish(0.1, cached=True)
    assert not estimate.has_worked
    estimate.start()
    assert estimate.left() == pytest.approx(30)
    assert estimate.share() == pytest.approx(10 / 40)


def test_a_slower_machine_makes_the_rest_slower(clock: Clock) -> None:
    estimate = RunEstimate(["A", "B"], {"A": 100, "B": 30})
    estimate.start()
    estimate.finish(400, cached=False)
    estimate.start()
    assert estimate.has_worked
    assert 3.5 * 30 < estimate.left() < 4 * 30


def test_a_quick_first_component_decides_little(clock: Clock) -> None:
    estimate = RunEstimate(["A", "B"], {"A": 0.1, "B": 30})
    estimate.start()
    estimate.finish(1.0, cached=False)
    estimate.start()
    assert 30 < estimate.left() < 40


def test_reported_steps_count_more_than_earlier_runs(clock: Clock) -> None:
    estimate = RunEstimate(["A", "B"], {"A": 10, "B": 30})
    estimate.start()
    # A resumption: 50 of 100 steps were done before, and starting took 20 seconds.
    clock.now += 20
    estimate.report(51, 100)
    assert estimate.measured_left() is None
    clock.now += 4
    estimate.report(53, 100)
    assert estimate.measured_left() == pytest.approx(2 * 47)
    clock.now += 10
    assert estimate.component_left() == pytest.approx(2 * 47 - 10)
    assert estimate.left() == pytest.approx(2 * 47 - 10 + 30)


def test_a_component_that_takes_longer_than_before_never_has_less_than_nothing_left(
    clock: Clock,
) -> None:
    estimate = RunEstimate(["A"], {"A": 10})
    estimate.start()
    clock.now += 99
    assert estimate.left() == 0
    assert estimate.share() <= 1


def test_a_run_that_is_done_has_nothing_left(clock: Clock) -> None:
    estimate = RunEstimate(["A"], {})
    estimate.start()
    estimate.finish(3, cached=False)
    assert (estimate.left(), estimate.share()) == (0, 1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (89.4, "89 s"), (90, "2 min"), (4000, "67 min"), (10_000, "2.8 h")],
)
def test_durations_are_as_coarse_as_an_estimate(seconds: float, words: str) -> None:
    assert duration_phrase(seconds) == words
