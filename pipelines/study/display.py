"""What the terminal shows while a study's cells run: a live bar on a terminal, lines elsewhere."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from modules.study.cells import CellResult

_SECONDS_BETWEEN_LINES = 10.0


class StudyDisplay:
    """Counts finished cells and tells how long the others will take.

    Args:
        console: Where to print.
        total: Cells of the study.
        kept: Of these, how many an earlier run has finished.
    """

    def __init__(self, console: Console, total: int, kept: int) -> None:
        self._console = console
        self._total = total
        self._kept = self._done = kept
        self._started = self._last_line = time.monotonic()
        self._bar: Progress | None = None
        if kept:
            console.print(f"  {kept} of {total} cells are kept from before", highlight=False)
        if console.is_terminal and kept < total:
            self._bar = Progress(
                TextColumn("  cells"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("{task.fields[details]}"),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task("cells", total=total, completed=kept, details="")
            self._bar.start()

    def finished(self, result: CellResult) -> None:
        """Shows one more finished cell.

        Args:
            result: What came of it.
        """
        self._done += 1
        line = self._line(result)
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, details=line)
            return
        now = time.monotonic()
        if now - self._last_line >= _SECONDS_BETWEEN_LINES or self._done == self._total:
            self._last_line = now
            self._console.print(
                f"  {self._done}/{self._total}  {line}", highlight=False, soft_wrap=True
            )

    def close(self) -> None:
        """The study is over, for better or worse."""
        if self._bar is not None:
            self._bar.stop()

    def _line(self, result: CellResult) -> str:
        cell = result.cell
        shots = "1 shot" if cell.shots == 1 else f"{cell.shots} shots"
        return (
            f"{cell.method}, {shots}, repeat {cell.repeat}: {result.accuracy:.1%} "
            f"in {result.seconds:.0f} s; {self._left()}"
        )

    def _left(self) -> str:
        # The mean over all workers, their start included: early on it is too much.
        each = (time.monotonic() - self._started) / (self._done - self._kept)
        seconds = each * (self._total - self._done)
        return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"
