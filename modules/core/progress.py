"""Progress of long work, sent as log records so that any runner can show or ignore it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

PROGRESS_LOGGER = "warmstart.progress"


@dataclass(frozen=True)
class Progress:
    """One progress report: `step` of `total` done, with metrics such as the loss.

    Args:
        step: Finished steps, 1-based.
        total: Steps in all.
        metrics: Scalars worth showing, by name.
        unit: What a step is, in the singular.
    """

    step: int
    total: int
    metrics: dict[str, float] = field(default_factory=dict)
    unit: str = "step"

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value:.4f}" for name, value in self.metrics.items())
        return f"{self.unit} {self.step}/{self.total} {shown}".rstrip()


@dataclass(frozen=True)
class Resumption:
    """Work goes on where an interrupted attempt has left it: `step` of `total` are done."""

    step: int
    total: int

    def __str__(self) -> str:
        return f"goes on from step {self.step} of {self.total}"


def report_progress(step: int, total: int, *, unit: str = "step", **metrics: float) -> None:
    """Logs a `Progress` record at level INFO; handlers find it as the record's `msg`."""
    _report(Progress(step, total, metrics, unit))


def report_resumption(step: int, total: int) -> None:
    """Logs a `Resumption` record at level INFO; handlers find it as the record's `msg`."""
    _report(Resumption(step, total))


def _report(report: Progress | Resumption) -> None:
    logging.getLogger(PROGRESS_LOGGER).info(report)
