"""Starts the processes of an engine on loopback, and stops them with all that they started."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PATIENCE = 60.0  # seconds


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, *, code: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command in a process group of its own, with this project, or a copy, on its path."""
    code = code or ROOT
    environment = {
        **os.environ,
        "PYTHONPATH": str(code),
        # Beam's worker pool starts `python`, whichever comes first.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=code,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits for a process to be ready; a process that ends before that is an error."""
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} is not ready:\n{log.read_text()}")
        time.sleep(0.1)


def free_port() -> int:
    """Finds a port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int, address: str = "localhost") -> bool:
    """Whether a server accepts connections."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False
