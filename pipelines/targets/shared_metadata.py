"""One ML Metadata store for several processes at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import filelock
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.metadata import Metadata

_LOCK_FILE = "metadata.db.lock"


class SharedMetadata(Metadata):
    """A connection to an SQLite store that keeps other processes out while it is open.

    Two transactions that both begin by reading would wait for each other, and SQLite refuses one of
    them. TFX opens the store before and after a component's work, not during it, so that the work
    goes on side by side.

    Args:
        connection_config: The ML Metadata store.
        lock_file: A file that all processes lock.
    """

    def __init__(
        self, connection_config: metadata_store_pb2.ConnectionConfig, *, lock_file: Path
    ) -> None:
        super().__init__(connection_config)
        self._lock = filelock.FileLock(lock_file)

    def __enter__(self) -> SharedMetadata:
        self._lock.acquire()
        try:
            super().__enter__()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[Exception] | None = None,
        exc_value: Exception | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        try:
            super().__exit__(exc_type, exc_value, exc_tb)
        finally:
            self._lock.release()


def shared_metadata_in(
    folder: Path,
) -> Callable[[metadata_store_pb2.ConnectionConfig], SharedMetadata]:
    """Returns what opens the store of an output folder for one process at a time."""
    return functools.partial(SharedMetadata, lock_file=folder / _LOCK_FILE)
