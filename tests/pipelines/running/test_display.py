"""The terminal display of a run, live or line by line."""

from __future__ import annotations

import io
import logging

from rich.console import Console

from modules.core.progress import Progress, report_progress
from pipelines.running.display import (
    LineDisplay,
    LiveDisplay,
    ProgressHandler,
    run_display,
)


class RecordingDisplay:
    def __init__(self) -> None:
        self.events: list[tuple] = []

    def started(self, component: str) -> None:
        self.events.append(("started", component))

    def progressed(self, progress: Progress) -> None:
        self.events.append(("progressed", progress.step, progress.metrics))

    def finished(self, component: str, seconds: float, cached: bool) -> None:
        self.events.append(("finished", component, cached))


def test_training_progress_reaches_the_display() -> None:
    display = RecordingDisplay()
    logging.getLogger("warmstart.progress").setLevel(logging.INFO)
    with ProgressHandler(display):
        report_progress(5, 10, loss=0.25)
        logging.getLogger("warmstart.progress").info("not a progress report")
    assert display.events == [("progressed", 5, {"loss": 0.25})]


def test_without_a_terminal_there_are_plain_lines_without_control_codes() -> None:
    stream = io.StringIO()
    with run_display(Console(file=stream)) as display:
        assert isinstance(display, LineDisplay)
        display.started("Transform")
        display.finished("Transform", 4.04, cached=False)
        display.finished("Pusher", 0.1, cached=True)
    assert stream.getvalue().splitlines() == [
        "  Transform                  4.0 s",
        "  Pusher                  cached",
    ]


def test_on_a_terminal_step_loss_and_time_left_are_shown() -> None:
    stream = io.StringIO()
    with run_display(Console(file=stream, force_terminal=True, width=100)) as display:
        assert isinstance(display, LiveDisplay)
        display.started("Trainer")
        display.progressed(Progress(20, 100, {"loss": 0.5}))
        print("a library's warning")
    assert "20/100  loss 0.500" in stream.getvalue()
    assert "warning" not in stream.getvalue()
    assert "s left" in stream.getvalue()
