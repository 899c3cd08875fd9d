"""What the terminal shows while the cells of a study run: a live bar, or lines elsewhere."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column

from modules.core.wording import count
from modules.study.cells import CellResult
from pipelines.running.display import SECONDS_BETWEEN_LINES, print_line
from pipelines.running.timing.time_left import duration_phrase
from pipelines.study.observer import CellObserver


class StudyDisplay(CellObserver):
    """Counts finished cells inside a `with` block, and estimates how long the others will take.

    Args:
        console: Where to print.
        total: Number of cells.
        kept: Number of cells that an earlier run finished.
    """

    def __init__(self, console: Console, total: int, kept: int) -> None:
        self._console = console
        self._total = total
        self._kept = self._done = kept
        self._started = self._last_line = time.monotonic()
        self._bars = Progress(
            TextColumn("  cells"),
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn(
                "{task.fields[last]}", table_column=Column(no_wrap=True, overflow="ellipsis")
            ),
            console=console,
            transient=True,
            disable=not console.is_interactive,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bars.add_task("cells", total=total, completed=kept, left="", last="")

    def __enter__(self) -> StudyDisplay:
        if self._kept:
            text = f"  {self._kept} of {self._total} cells are already finished"
            print_line(self._console, text)
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def finished(self, result: CellResult) -> None:
        """Shows one more finished cell."""
        self._done += 1
        now, cell = time.monotonic(), result.cell
        # A mean over all workers that includes their start: too high at first.
        each = (now - self._started) / (self._done - self._kept)
        left = f"{duration_phrase(each * (self._total - self._done))} left"
        last = (
            f"{cell.method}, {count(cell.shots, 'shot')}, repeat {cell.repeat}: "
            f"{result.accuracy:.1%} in {result.seconds:.0f} s"
        )
        self._bars.update(self._task, completed=self._done, left=left, last=last)
        is_due = now - self._last_line >= SECONDS_BETWEEN_LINES or self._done == self._total
        if is_due and not self._console.is_interactive:
            self._last_line = now
            print_line(self._console, f"  {self._done}/{self._total}  {last}; {left}")
