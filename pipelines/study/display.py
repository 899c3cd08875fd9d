"""What the terminal shows while the cells of a study run: a live bar, or lines elsewhere."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from modules.study.cells import CellResult
from pipelines.running.display import SECONDS_BETWEEN_LINES


class StudyDisplay:
    """Counts finished cells and estimates how long the others will take.

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
        self._bar: Progress | None = None
        if kept:
            console.print(f"  {kept} of {total} cells are already finished", highlight=False)
        if console.is_terminal and kept < total:
            self._bar = Progress(
                TextColumn("  cells"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("{task.fields[details]}"),
                console=console,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._bar.add_task("cells", total=total, completed=kept, details="")

    def __enter__(self) -> StudyDisplay:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def finished(self, result: CellResult) -> None:
        """Shows one more finished cell.

        Args:
            result: Its result.
        """
        self._done += 1
        line = self._line(result)
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, details=line)
            return
        now = time.monotonic()
        if now - self._last_line >= SECONDS_BETWEEN_LINES or self._done == self._total:
            self._last_line = now
            self._console.print(
                f"  {self._done}/{self._total}  {line}", highlight=False, soft_wrap=True
            )

    def _line(self, result: CellResult) -> str:
        cell = result.cell
        shots = "1 shot" if cell.shots == 1 else f"{cell.shots} shots"
        return (
            f"{cell.method}, {shots}, repeat {cell.repeat}: {result.accuracy:.1%} "
            f"in {result.seconds:.0f} s; {self._left()}"
        )

    def _left(self) -> str:
        # A mean over all workers that includes their start: too high at first.
        each = (time.monotonic() - self._started) / (self._done - self._kept)
        seconds = each * (self._total - self._done)
        return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"
