"""Several targets take a line each, whatever the number of their components."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from modules.core.progress import Progress, Resumption
from pipelines.targets import display as targets_display
from pipelines.targets.display import BranchesDisplay
from pipelines.targets.events import BranchEvent
from pipelines.targets.outcome import BranchOutcome

DONE = {"verdict": "not_blessed", "timeline": {"Pusher": [0, 1]}, "cached": []}


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


def test_without_a_terminal_a_line_says_how_each_target_ended(output: io.StringIO) -> None:
    with BranchesDisplay(Console(file=output, width=100), total=3) as display:
        for component in ("TargetExampleGen", "ScratchTrainer", "Pusher"):
            display.show(BranchEvent("north", f"{component}-north"))
        display.ended(BranchOutcome("north", 12.34, DONE))
        display.ended(BranchOutcome("south", 0.1, {**DONE, "cached": ["Pusher"]}))
        display.ended(BranchOutcome("east", 3.0, error="a.png: no image.\nRemove it."))
    assert [line.split() for line in output.getvalue().splitlines()] == [
        ["north", "12.3", "s", "not", "blessed"],
        ["south", "0.1", "s", "not", "blessed", "(cached)"],
        ["east", "3.0", "s", "failed:", "a.png:", "no", "image."],
    ]


def test_long_work_and_resumed_work_say_whose_they_are(
    output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets_display, "SECONDS_BETWEEN_LINES", 0.0)
    with BranchesDisplay(Console(file=output, width=100), total=1) as display:
        node = "ScratchTrainer-north"
        display.show(BranchEvent("north", node, Resumption(20, 40)))
        display.show(BranchEvent("north", node, Progress(30, 40)))
    assert output.getvalue().splitlines() == [
        "  north: ScratchTrainer goes on from step 20 of 40",
        "  north: ScratchTrainer: step 30/40",
    ]


def test_a_terminal_shows_a_line_for_each_target_at_work(output: io.StringIO) -> None:
    console = Console(file=output, width=80, force_terminal=True, color_system=None)
    display = BranchesDisplay(console, total=6)
    display.show(BranchEvent("north", "ScratchTrainer-north", Progress(30, 40)))
    display.show(BranchEvent("south", "Pusher-south"))
    display.ended(BranchOutcome("east", 1.0, DONE))
    output.truncate(0)
    console.print(display._render())
    shown = output.getvalue()
    assert shown.count("\n") == 3
    for words in ("north", "ScratchTrainer  30/40", "south", "Pusher", "1 of 6 targets"):
        assert words in shown
