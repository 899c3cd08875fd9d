"""Memory of a running process and everything it started, sampled until it ends."""

from __future__ import annotations

import contextlib
import subprocess
import time
from typing import NamedTuple

import psutil

_SECONDS_BETWEEN_SAMPLES = 0.2


class Memory(NamedTuple):
    """Bytes in memory.

    Attributes:
        resident: All bytes; pages that processes share count for each of them.
        anonymous: Bytes that no file backs. The system may drop pages of files, the cache of
            preprocessed examples among them, and read them again.
    """

    resident: int = 0
    anonymous: int = 0

    def at_least(self, other: Memory) -> Memory:
        """Takes the larger value of either kind."""
        return Memory(*map(max, self, other))


def sample_memory(process: subprocess.Popen) -> list[tuple[float, Memory]]:
    """Waits for a process to end.

    Returns samples of its tree's memory, each with its time in seconds since the epoch.
    """
    samples = []
    while process.poll() is None:
        samples.append((time.time(), _tree_memory(process.pid)))
        time.sleep(_SECONDS_BETWEEN_SAMPLES)
    return samples


def _tree_memory(process_id: int) -> Memory:
    """Adds up the memory of a process and its descendants."""
    resident = anonymous = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(process_id)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                found = process.memory_info()
                resident += found.rss
                anonymous += found.rss - found.shared
    return Memory(resident, anonymous)
