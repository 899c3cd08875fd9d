"""How long a run still takes, estimated from how long its components took before."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

# Of a component without a record.
_UNKNOWN_SECONDS = 2.0
# Weighs the records against the pace of this run, so that a first quick component decides little.
_PRIOR_SECONDS = 5.0


class RunEstimate:
    """The share of a run that is done and the seconds that are left.

    A component takes what it took before, times the pace of this run: how long the components so
    far took, compared with before. One that reports its steps is measured instead. A display may
    read it from another thread.

    Args:
        components: All of the run, in order of execution.
        expected: Seconds of each component in earlier runs; it may lack some.
    """

    def __init__(self, components: Sequence[str], expected: Mapping[str, float]) -> None:
        self._expected = {name: expected.get(name, _UNKNOWN_SECONDS) for name in components}
        self._left = list(components)
        self._taken = self._planned = 0.0
        self._started = 0.0
        self._first_report: tuple[float, int] | None = None
        self._measured: tuple[float, float] | None = None

    @property
    def has_worked(self) -> bool:
        """Whether a component took time, rather than being served by the cache."""
        return self._planned > 0

    def start(self) -> None:
        """Notes that the next component starts."""
        self._started = time.monotonic()
        self._first_report = self._measured = None

    def report(self, step: int, total: int) -> None:
        """Notes how far the component at work has come."""
        now = time.monotonic()
        if self._first_report is None:
            # Not from the start: what precedes the steps is slow, and a resumption has some behind.
            self._first_report = now, step
            return
        since, first = self._first_report
        if step > first:
            self._measured = now, (now - since) / (step - first) * (total - step)

    def finish(self, seconds: float, cached: bool) -> None:
        """Notes that the component at work has finished."""
        component, *self._left = self._left
        if not cached:
            self._taken += seconds
            self._planned += self._expected[component]

    def measured_left(self) -> float | None:
        """Returns the seconds that are left of the component at work, where its steps tell."""
        measured = self._measured
        if measured is None:
            return None
        then, left = measured
        return max(0.0, left - (time.monotonic() - then))

    def component_left(self) -> float:
        """Returns the seconds that are left of the component at work."""
        measured = self.measured_left()
        if measured is not None:
            return measured
        expected = sum(self._expected[name] for name in self._left[:1]) * self._pace()
        return max(0.0, expected - (time.monotonic() - self._started))

    def component_share(self) -> float:
        """Returns the share of the component at work that is done, from 0 to 1."""
        elapsed = time.monotonic() - self._started
        return elapsed / max(elapsed + self.component_left(), 1e-9)

    def left(self) -> float:
        """Returns the seconds that are left of the run."""
        later = sum(self._expected[name] for name in self._left[1:])
        return self.component_left() + later * self._pace()

    def share(self) -> float:
        """Returns the share of the run that is done, from 0 to 1; what is cached counts in full."""
        total = sum(self._expected.values())
        later = sum(self._expected[name] for name in self._left[1:])
        at_work = sum(self._expected[name] for name in self._left[:1])
        return 1 - (later + at_work * (1 - self.component_share())) / max(total, 1e-9)

    def _pace(self) -> float:
        return (self._taken + _PRIOR_SECONDS) / (self._planned + _PRIOR_SECONDS)


def duration_phrase(seconds: float) -> str:
    """Words a duration as coarsely as an estimate is.

    Example:
        >>> duration_phrase(61.4), duration_phrase(400), duration_phrase(10_000)
        ('61 s', '7 min', '2.8 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
