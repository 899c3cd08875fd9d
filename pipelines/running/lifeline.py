"""Ends a worker process when the process that started it ends, however that happens."""

from __future__ import annotations

import os
import threading
from multiprocessing.connection import Connection


def end_with(lifeline: Connection) -> None:
    """Ends this process when the pipe's other end is closed; else it would wait for work forever.

    Args:
        lifeline: Nothing is ever sent through it: the system closes it when its holder ends.
    """
    threading.Thread(target=_wait_and_exit, args=(lifeline,), daemon=True).start()


def _wait_and_exit(lifeline: Connection) -> None:
    lifeline.poll(None)
    os._exit(1)
