"""What the terminal shows while a pipeline runs: live on a terminal, line by line elsewhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Column, Table
from rich.text import Text

from modules.core.progress import Progress, Resumption
from pipelines.running.observer import RunObserver
from pipelines.running.timing.time_left import RunEstimate, duration_phrase

SECONDS_BETWEEN_LINES = 10.0

_NAME_WIDTH = 22
_WIDE = 72
# Before that, a component may turn out to be cached.
_SECONDS_TO_BE_AT_WORK = 1.0


def print_line(console: Console, text: str) -> None:
    """Prints a line, which a terminal cuts at its edge; elsewhere it stays whole."""
    if console.is_terminal:
        console.print(Text(text), no_wrap=True, overflow="ellipsis")
    else:
        console.print(Text(text), soft_wrap=True)


class RunDisplay(RunObserver):
    """Shows a run inside a `with` block: a line for each finished component, and the progress.

    Args:
        console: Where to print.
        expected: Seconds that the components took before, for the time that is left.
    """

    def __init__(self, console: Console, expected: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self._console = console
        self._expected = expected or {}
        self._estimate = RunEstimate((), {})
        self._components = self._number = 0
        self._component = "starting"
        self._progress: Progress | None = None
        self._begun = self._started = time.monotonic()
        self._last_line = 0.0
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console,
            get_renderable=self._render,
            transient=True,
            refresh_per_second=8,
            # What libraries print, such as warnings on import, belongs in the log file.
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> RunDisplay:
        super().__enter__()
        if self._console.is_interactive:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        super().__exit__()

    def planned(self, components: Sequence[str]) -> None:
        """Says which components are going to run, in order."""
        self._components = len(components)
        self._estimate = RunEstimate(components, self._expected)

    def started(self, component: str) -> None:
        """Shows that a component starts."""
        self._component, self._progress = component, None
        self._number += 1
        self._started = self._last_line = time.monotonic()
        self._estimate.start()

    def finished(self, component: str, seconds: float, cached: bool) -> None:
        """Shows that a component has finished, or that the cache served it."""
        self._estimate.finish(seconds, cached)
        outcome = "cached" if cached else f"{seconds:6.1f} s"
        print_line(self._console, f"  {component:<24}{outcome}")

    def emit(self, record: logging.LogRecord) -> None:
        """Shows a log record, if it is the progress of the component at work."""
        report, now = record.msg, time.monotonic()
        if isinstance(report, Resumption):
            print_line(self._console, f"  {self._component} {report}")
        if not isinstance(report, Progress):
            return
        self._progress = report
        self._estimate.report(report.step, report.total)
        if not self._console.is_interactive and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            print_line(self._console, f"  {self._component}: {report}")

    def _render(self) -> Table:
        # Leaves room at the end: a terminal shows ^C there, which must not begin another line.
        width = self._console.width - 3
        lines = Table.grid(
            Column(width=_NAME_WIDTH, no_wrap=True),
            Column(width=16 if width >= _WIDE else 10),
            Column(ratio=1, no_wrap=True),
            padding=(0, 1),
        )
        lines.width = width
        spinner = Text(str(self._spinner.render(self._console.get_time())))
        lines.add_row(spinner.append(f" {self._component}"), self._component_bar(), self._details())
        if self._components:
            bar = ProgressBar(1.0, self._estimate.share())
            lines.add_row(f"component {self._number} of {self._components}", bar, self._time())
        return lines

    def _component_bar(self) -> ProgressBar:
        progress = self._progress
        if progress:
            return ProgressBar(progress.total, progress.step)
        # Nothing is known of a component that takes longer than expected.
        if self._component in self._expected and self._estimate.component_left():
            return ProgressBar(1.0, self._estimate.component_share())
        return ProgressBar(None, pulse=True)

    def _details(self) -> str:
        progress = self._progress
        if not progress:
            return ""
        parts = [f"{progress.step:,}/{progress.total:,}"]
        if left := self._estimate.measured_left():
            parts.append(f"{duration_phrase(left)} left")
        parts += [f"{name} {value:.3f}" for name, value in progress.metrics.items()]
        return "  ".join(parts)

    def _time(self) -> str:
        now = time.monotonic()
        minutes, seconds = divmod(int(now - self._begun), 60)
        elapsed = f"{minutes}:{seconds:02}"
        is_at_work = self._estimate.has_worked or now - self._started > _SECONDS_TO_BE_AT_WORK
        left = self._estimate.left()
        if not self._expected or not is_at_work or left < 1:
            return elapsed
        return f"{elapsed}  about {duration_phrase(left)} left"
