"""The terminal display of a run, live or line by line."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pytest
from rich.console import Console

from modules.core.progress import PROGRESS_LOGGER, report_progress, report_resumption
from pipelines.running.display import RunDisplay, print_line

LONG = "a_component_with_a_name_that_does_not_fit"


@pytest.fixture(autouse=True)
def progress_is_logged() -> Iterator[None]:
    logger = logging.getLogger(PROGRESS_LOGGER)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(level)


def terminal(width: int = 80) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, force_interactive=True, width=width)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def plain(console: Console) -> list[str]:
    """What was written between ends and starts of lines, without control sequences."""
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written(console)).splitlines()
    return [line.rstrip() for line in lines if line]


def show_a_training(console: Console) -> None:
    with RunDisplay(console, {"Trainer": 60.0, LONG: 5.0}) as display:
        display.planned([LONG, "Trainer", "Pusher"])
        display.started(LONG)
        display.finished(LONG, 5.0, cached=False)
        display.started("Trainer")
        report_progress(20, 100, loss=0.5, cross_entropy=0.25, center_loss=0.125)
        display._live.refresh()


def test_without_a_terminal_there_are_plain_lines_without_control_codes() -> None:
    stream = io.StringIO()
    with RunDisplay(Console(file=stream)) as display:
        display.planned(["Transform", "Pusher"])
        display.started("Transform")
        display.finished("Transform", 4.04, cached=False)
        display.started("Pusher")
        display.finished("Pusher", 0.1, cached=True)
    assert stream.getvalue().splitlines() == [
        "  Transform                  4.0 s",
        "  Pusher                  cached",
    ]


def test_without_a_terminal_progress_is_a_line_now_and_then() -> None:
    stream = io.StringIO()
    with RunDisplay(Console(file=stream)) as display:
        display.planned(["Trainer"])
        display.started("Trainer")
        report_progress(5, 10, loss=0.25)
        display._last_line -= 10
        report_progress(6, 10, loss=0.125)
        report_progress(7, 10, loss=0.0625)
        logging.getLogger(PROGRESS_LOGGER).info("not a progress report")
    report_progress(8, 10)
    assert stream.getvalue() == "  Trainer: step 6/10 loss=0.1250\n"


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    show_a_training(console)
    assert "\x1b" not in written(console)
    assert "component" not in "".join(line for line in plain(console) if LONG not in line)


def test_on_a_terminal_the_steps_and_the_whole_run_are_shown() -> None:
    console = terminal()
    show_a_training(console)
    text = "\n".join(plain(console))
    assert re.search(r"Trainer .* 20/100 .*loss 0\.500", text)
    assert re.search(r"component 2 of 3 .* 0:00  about \d+ s left", text)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_what_does_not_fit_is_cut_and_leaves_room_for_the_echo_of_ctrl_c(width: int) -> None:
    console = terminal(width)
    show_a_training(console)
    lines = plain(console)
    assert max(map(len, lines)) <= width
    live = [line for line in lines if "Trainer" in line or "of 3" in line]
    assert len(live) >= 2
    assert max(map(len, live)) <= width - 2


def test_a_library_cannot_print_between_the_live_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console = terminal()
    with RunDisplay(console) as display:
        display.planned(["Trainer"])
        display.started("Trainer")
        print("a library's warning")
    assert "warning" not in written(console)
    assert "warning" in capsys.readouterr().out


def test_no_color_leaves_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    show_a_training(coloured := terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    show_a_training(plain_one := terminal())
    colour = re.compile(r"\x1b\[[0-9;]*(3[0-9]|4[0-9]|38;|48;|9[0-7])[0-9;]*m")
    assert colour.search(written(coloured))
    assert not colour.search(written(plain_one))


@pytest.mark.parametrize("console", [terminal(), Console(file=io.StringIO())])
def test_a_resumption_is_told_with_its_step(console: Console) -> None:
    with RunDisplay(console) as display:
        display.planned(["Trainer"])
        display.started("Trainer")
        report_resumption(120, 800)
    assert "  Trainer goes on from step 120 of 800" in plain(console)


def test_time_is_not_promised_before_something_works() -> None:
    console = terminal()
    with RunDisplay(console, {"Cached": 60.0}) as display:
        display.planned(["Cached", "Trainer"])
        display.started("Cached")
        display._live.refresh()
    assert "left" not in written(console)


def test_a_long_line_is_cut_on_a_terminal_and_whole_elsewhere() -> None:
    print_line(narrow := terminal(20), "x" * 50)
    print_line(pipe := Console(file=io.StringIO(), width=20), "[red]" + "x" * 50)
    assert plain(narrow) == ["x" * 19 + "…"]
    assert written(pipe) == "[red]" + "x" * 50 + "\n"


def test_a_run_that_takes_longer_than_expected_promises_nothing() -> None:
    console = terminal()
    with RunDisplay(console, {"Last": 0.0}) as display:
        display.planned(["Last"])
        display.started("Last")
        display._started -= 5
        display._live.refresh()
    assert "component 1 of 1" in written(console)
    assert "left" not in written(console)
