"""What hears of a run while it works."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from modules.core.progress import PROGRESS_LOGGER


class RunObserver(logging.Handler):
    """Hears of a run inside a `with` block, and by itself makes nothing of it.

    It is a log handler, since long work reports its progress as log records.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._level_before = logging.NOTSET

    def __enter__(self) -> RunObserver:
        logger = logging.getLogger(PROGRESS_LOGGER)
        # Whatever level the application has set for everything else.
        self._level_before = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logger = logging.getLogger(PROGRESS_LOGGER)
        logger.removeHandler(self)
        logger.setLevel(self._level_before)

    def planned(self, components: Sequence[str]) -> None:
        """Hears which components are going to run, in order."""

    def started(self, component: str) -> None:
        """Hears that a component starts."""

    def finished(self, component: str, seconds: float, cached: bool) -> None:
        """Hears that a component has finished, or that the cache served it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hears a log record, which may be the progress of the component at work."""
