"""What the terminal shows while a pipeline runs: live on a terminal, line by line elsewhere."""

from __future__ import annotations

import logging
import time

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from modules.core.progress import PROGRESS_LOGGER, Progress

SECONDS_BETWEEN_LINES = 10.0


def live_bars(console: Console, *columns: ProgressColumn) -> Bars:
    """Makes bars that are seen on a terminal only, and leave nothing behind."""
    return Bars(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # What libraries print, such as warnings on import, belongs in the log file.
        redirect_stdout=False,
        redirect_stderr=False,
    )


class RunDisplay(logging.Handler):
    """Shows a run inside a `with` block: a line for each finished component, and the progress.

    It is a log handler, since trainings report their progress as log records.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console
        self._component = ""
        self._last_line = 0.0
        self._bars = live_bars(
            console,
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=10),
            TextColumn("{task.fields[details]}"),
            TimeElapsedColumn(),
        )
        self._task = self._bars.add_task("starting", total=None, details="")

    def __enter__(self) -> RunDisplay:
        logging.getLogger(PROGRESS_LOGGER).addHandler(self)
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()
        logging.getLogger(PROGRESS_LOGGER).removeHandler(self)

    def started(self, component: str) -> None:
        """Shows that a component starts."""
        self._component, self._last_line = component, time.monotonic()
        self._bars.reset(self._task, description=component, total=None, details="")

    def finished(self, component: str, seconds: float, cached: bool) -> None:
        """Shows that a component has finished, or that the cache served it."""
        outcome = "cached" if cached else f"{seconds:6.1f} s"
        self._console.print(f"  {component:<24}{outcome}", highlight=False)

    def emit(self, record: logging.LogRecord) -> None:
        """Shows a log record, if it is the progress of the component at work."""
        progress, now = record.msg, time.monotonic()
        if not isinstance(progress, Progress):
            return
        if self._console.is_terminal:
            metrics = "  ".join(f"{name} {value:.3f}" for name, value in progress.metrics.items())
            elapsed = self._bars.tasks[0].elapsed or 0.0
            left = elapsed / max(progress.step, 1) * (progress.total - progress.step)
            details = f"{progress.step}/{progress.total}  {metrics}  {left:.0f} s left"
            self._bars.update(
                self._task, completed=progress.step, total=progress.total, details=details
            )
        elif now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            self._console.print(f"  {self._component}: {progress}", highlight=False)
