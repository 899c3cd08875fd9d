"""What the terminal shows while branches run: a line for each target, live or as they end."""

from __future__ import annotations

import time

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Column, Table
from rich.text import Text

from modules.core.progress import Progress, Resumption
from modules.core.wording import display_name
from pipelines.node_ids import component_of
from pipelines.running.display import SECONDS_BETWEEN_LINES, print_line
from pipelines.running.timing.time_left import duration_phrase
from pipelines.targets.events import BranchEvent
from pipelines.targets.outcome import BranchOutcome

_NAME_WIDTH = 22


class BranchesDisplay:
    """Shows the targets at work inside a `with` block, and a line for each that has ended.

    Args:
        console: Where to print.
        total: Number of targets.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._ended = 0
        self._at_work: dict[str, BranchEvent] = {}
        self._begun = self._last_line = time.monotonic()
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console,
            get_renderable=self._render,
            transient=True,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> BranchesDisplay:
        if self._console.is_interactive:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, event: BranchEvent) -> None:
        """Shows what a branch is at."""
        self._at_work = {**self._at_work, event.target: event}
        now, component = time.monotonic(), component_of(event.component)
        if isinstance(event.progress, Resumption):
            print_line(self._console, f"  {event.target}: {component} {event.progress}")
        is_due = now - self._last_line >= SECONDS_BETWEEN_LINES
        if isinstance(event.progress, Progress) and is_due and not self._console.is_interactive:
            self._last_line = now
            print_line(self._console, f"  {event.target}: {component}: {event.progress}")

    def ended(self, outcome: BranchOutcome) -> None:
        """Shows how a branch ended."""
        self._at_work = {
            target: event for target, event in self._at_work.items() if target != outcome.target
        }
        self._ended += 1
        name = display_name(outcome.target, _NAME_WIDTH)
        print_line(self._console, f"  {name:<24}{outcome.seconds:6.1f} s  {_words(outcome)}")

    def _render(self) -> Table:
        lines = Table.grid(
            Column(width=_NAME_WIDTH, no_wrap=True, overflow="ellipsis"),
            Column(width=10),
            Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            padding=(0, 1),
        )
        # Leaves room at the end: a terminal shows ^C there, which must not begin another line.
        lines.width = self._console.width - 3
        spinner = str(self._spinner.render(self._console.get_time()))
        for target, event in self._at_work.items():
            lines.add_row(Text(f"{spinner} {target}"), _bar(event), _details(event))
        bar = ProgressBar(self._total, self._ended)
        lines.add_row(f"{self._ended} of {self._total} targets", bar, self._time())
        return lines

    def _time(self) -> str:
        seconds = time.monotonic() - self._begun
        elapsed = f"{int(seconds) // 60}:{int(seconds) % 60:02}"
        if not self._ended:
            return elapsed
        left = seconds / self._ended * (self._total - self._ended)
        return f"{elapsed}  about {duration_phrase(left)} left"


def _words(outcome: BranchOutcome) -> str:
    if outcome.result is None:
        return f"failed: {(outcome.error or '').splitlines()[0]}"
    cached = len(outcome.result["cached"]) == len(outcome.result["timeline"])
    verdict = outcome.result["verdict"].replace("_", " ")
    return f"{verdict} (cached)" if cached else verdict


def _bar(event: BranchEvent) -> ProgressBar:
    if isinstance(event.progress, Progress):
        return ProgressBar(event.progress.total, event.progress.step)
    return ProgressBar(None, pulse=True)


def _details(event: BranchEvent) -> str:
    component = component_of(event.component)
    if isinstance(event.progress, Progress):
        return f"{component}  {event.progress.step:,}/{event.progress.total:,}"
    return component
