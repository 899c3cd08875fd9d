"""What is heard of a branch while it runs, in this process or in another one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from modules.core.progress import Progress, Resumption
from pipelines.running.observer import RunObserver


class BranchEvent(NamedTuple):
    """A component of a target's branch is at work, and how far it has come, if that is known."""

    target: str
    component: str
    progress: Progress | Resumption | None = None


class BranchReporter(RunObserver):
    """Turns what a branch's components and their log records say into events, in a `with` block.

    Args:
        target: The branch's target.
        send: Takes the events.
    """

    def __init__(self, target: str, send: Callable[[BranchEvent], None]) -> None:
        super().__init__()
        self._target = target
        self._send = send
        self._component = ""

    def started(self, component: str) -> None:
        """A component starts."""
        self._component = component
        self._send(BranchEvent(self._target, component))

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a log record on, if it is the progress of the component at work."""
        if isinstance(record.msg, (Progress, Resumption)):
            self._send(BranchEvent(self._target, self._component, record.msg))
