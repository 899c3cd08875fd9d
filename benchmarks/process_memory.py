"""Memory of a running process with all that it started, sampled from Linux's /proc."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

_SECONDS_BETWEEN_SAMPLES = 0.2


class Memory(NamedTuple):
    """Bytes in memory.

    Attributes:
        resident: All of them; what processes share counts for each.
        anonymous: Those that no file backs. Pages of files, the cache of preprocessed examples
            among them, are the system's to drop and read again.
    """

    resident: int = 0
    anonymous: int = 0

    def at_least(self, other: Memory) -> Memory:
        """Takes the larger value of either kind."""
        return Memory(*map(max, self, other))


class MemorySampler:
    """Follows the resident memory of a process tree in a thread of its own.

    Args:
        process_id: Root of the tree.

    Example:
        ```
        with MemorySampler(process.pid) as memory:
            ...
            peak = memory.take_peak()
        ```
    """

    def __init__(self, process_id: int) -> None:
        self._process_id = process_id
        self._peak = Memory()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> MemorySampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def take_peak(self) -> Memory:
        """Returns the highest sample since this was asked last."""
        with self._lock:
            peak, self._peak = self._peak, Memory()
        return peak

    def _follow(self) -> None:
        while not self._stop.wait(_SECONDS_BETWEEN_SAMPLES):
            sample = tree_memory(self._process_id)
            with self._lock:
                self._peak = self._peak.at_least(sample)


def tree_memory(process_id: int) -> Memory:
    """Sums up the memory of a process and its descendants."""
    parents: dict[int, int] = {}
    memories: dict[int, Memory] = {}
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue  # It has ended.
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        process = int(path.parent.name)
        parents[process] = int(fields["PPid"])
        memories[process] = Memory(
            _bytes(fields, "VmRSS"), _bytes(fields, "RssAnon") + _bytes(fields, "RssShmem")
        )
    tree = [m for process, m in memories.items() if _is_below(process, process_id, parents)]
    return Memory(sum(m.resident for m in tree), sum(m.anonymous for m in tree))


def _bytes(fields: dict[str, str], name: str) -> int:
    # Kernel threads have none.
    return 1024 * int(fields.get(name, "0 kB").split()[0])


def _is_below(process: int, root: int, parents: dict[int, int]) -> bool:
    while process not in (root, 0):
        process = parents.get(process, 0)
    return process == root
