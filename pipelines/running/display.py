"""What the terminal shows while a pipeline runs: live on a terminal, line by line elsewhere."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBars

from modules.core.progress import PROGRESS_LOGGER, Progress

SECONDS_BETWEEN_LINES = 10.0


class RunDisplay(Protocol):
    """Receives what happens in a run, in order."""

    def started(self, component: str) -> None:
        """A component starts."""

    def progressed(self, progress: Progress) -> None:
        """The component that is at work reports its progress."""

    def finished(self, component: str, seconds: float, cached: bool) -> None:
        """A component has finished, or the cache served it."""


@contextlib.contextmanager
def run_display(console: Console) -> Iterator[RunDisplay]:
    """Yields the display that fits: live bars on a terminal, else plain lines.

    Args:
        console: Where to print.
    """
    if not console.is_terminal:
        yield LineDisplay(console)
        return
    bars = ProgressBars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        TextColumn("{task.fields[details]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        # What libraries print, such as warnings on import, belongs in the log file.
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bars:
        yield LiveDisplay(bars)


class LineDisplay:
    """One line per event, for logs, pipes and continuous integration."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._component = ""
        self._last_line = 0.0

    def started(self, component: str) -> None:  # noqa: D102
        self._component = component
        self._last_line = time.monotonic()

    def progressed(self, progress: Progress) -> None:  # noqa: D102
        now = time.monotonic()
        if now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            self._console.print(f"  {self._component}: {progress}", highlight=False)

    def finished(self, component: str, seconds: float, cached: bool) -> None:  # noqa: D102
        self._console.print(_finished_line(component, seconds, cached), highlight=False)


class LiveDisplay:
    """A live line for the component at work; finished components scroll above it."""

    def __init__(self, bars: ProgressBars) -> None:
        self._bars = bars
        self._task = bars.add_task("starting", total=None, details="")

    def started(self, component: str) -> None:  # noqa: D102
        self._bars.reset(self._task, description=component, total=None, details="")

    def progressed(self, progress: Progress) -> None:  # noqa: D102
        metrics = "  ".join(f"{name} {value:.3f}" for name, value in progress.metrics.items())
        elapsed = self._bars.tasks[0].elapsed or 0.0
        left = elapsed / progress.step * (progress.total - progress.step) if progress.step else 0
        self._bars.update(
            self._task,
            completed=progress.step,
            total=progress.total,
            details=f"{progress.step}/{progress.total}  {metrics}  {left:.0f} s left",
        )

    def finished(self, component: str, seconds: float, cached: bool) -> None:  # noqa: D102
        self._bars.console.print(_finished_line(component, seconds, cached), highlight=False)


def _finished_line(component: str, seconds: float, cached: bool) -> str:
    return f"  {component:<24}" + ("cached" if cached else f"{seconds:6.1f} s")


class ProgressHandler(logging.Handler):
    """Hands progress log records to a display while it is attached."""

    def __init__(self, display: RunDisplay) -> None:
        super().__init__(logging.INFO)
        self._display = display

    def emit(self, record: logging.LogRecord) -> None:
        """Shows one record, if it is a progress report."""
        if isinstance(record.msg, Progress):
            self._display.progressed(record.msg)

    def __enter__(self) -> ProgressHandler:
        logging.getLogger(PROGRESS_LOGGER).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(PROGRESS_LOGGER).removeHandler(self)
