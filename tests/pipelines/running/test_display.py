"""The terminal display of a run, live or line by line."""

from __future__ import annotations

import io
import logging

from rich.console import Console

from modules.core.progress import PROGRESS_LOGGER, report_progress
from pipelines.running.display import RunDisplay


def test_without_a_terminal_there_are_plain_lines_without_control_codes() -> None:
    stream = io.StringIO()
    with RunDisplay(Console(file=stream)) as display:
        display.started("Transform")
        display.finished("Transform", 4.04, cached=False)
        display.finished("Pusher", 0.1, cached=True)
    assert stream.getvalue().splitlines() == [
        "  Transform                  4.0 s",
        "  Pusher                  cached",
    ]


def test_without_a_terminal_progress_is_a_line_now_and_then() -> None:
    stream = io.StringIO()
    logging.getLogger(PROGRESS_LOGGER).setLevel(logging.INFO)
    with RunDisplay(Console(file=stream)) as display:
        display.started("Trainer")
        report_progress(5, 10, loss=0.25)
        display._last_line -= 10
        report_progress(6, 10, loss=0.125)
        report_progress(7, 10, loss=0.0625)
        logging.getLogger(PROGRESS_LOGGER).info("not a progress report")
    report_progress(8, 10)
    assert stream.getvalue() == "  Trainer: step 6/10 loss=0.1250\n"


def test_on_a_terminal_step_loss_and_time_left_are_shown() -> None:
    stream = io.StringIO()
    logging.getLogger(PROGRESS_LOGGER).setLevel(logging.INFO)
    with RunDisplay(Console(file=stream, force_terminal=True, width=100)) as display:
        display.started("Trainer")
        report_progress(20, 100, loss=0.5)
        print("a library's warning")
    assert "20/100  loss 0.500" in stream.getvalue()
    assert "s left" in stream.getvalue()
    assert "warning" not in stream.getvalue()
