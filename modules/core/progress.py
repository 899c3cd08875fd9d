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
    """

    step: int
    total: int
    metrics: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value:.4f}" for name, value in self.metrics.items())
        return f"step {self.step}/{self.total} {shown}".rstrip()


def report_progress(step: int, total: int, **metrics: float) -> None:
    """Logs a `Progress` record at level INFO; handlers find it as the record's `msg`."""
    logging.getLogger(PROGRESS_LOGGER).info(Progress(step, total, metrics))
