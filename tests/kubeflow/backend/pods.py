"""Pods on this machine: each a process that finds an empty disk of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ENTRYPOINT = ["python", "-m", "components.container_entrypoint"]
_SERVER = (sys.executable, "-m", "tests.kubeflow.backend.pod_server")


class Pod(Protocol):
    """A container that has started."""

    pid: int

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end. Returns the exit code; minus the signal, if one has killed it.

        Raises:
            subprocess.TimeoutExpired: It has not ended in time.
        """
        ...


def start_process(
    command: list[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Starts a container's command as a process: this checkout has the image's files."""
    assert command[0] == "python"
    with log.open("w") as file:
        return subprocess.Popen(
            [sys.executable, *command[1:]],
            env={**os.environ, **environment},
            stdout=file,
            stderr=subprocess.STDOUT,
        )


class PodServer:
    """Starts pods as copies of a process that has imported TFX; see `pod_server.py`.

    Args:
        log: Its own log.
        command: What serves.
    """

    def __init__(self, log: Path, command: Sequence[str] = _SERVER) -> None:
        self._log = log
        with log.open("w") as file:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                # A pod may end before its start is read: what is read ahead, select does not see.
                bufsize=0,
            )

    def start(self, command: list[str], environment: Mapping[str, str], log: Path) -> Pod:
        """Starts a container's command. The one before it must have ended."""
        assert command[:3] == ENTRYPOINT
        request = {"arguments": command[3:], "environment": dict(environment), "log": str(log)}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        answer = self._process.stdout.readline()
        assert answer, f"the server of the pods has ended:\n{self._log.read_text()[-3000:]}"
        return _Copy(int(answer), self._process)

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


@dataclass
class _Copy:
    pid: int
    server: subprocess.Popen[bytes]

    def wait(self, timeout: float | None = None) -> int:
        import select

        assert self.server.stdout
        if not select.select([self.server.stdout], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("pod", timeout or 0.0)
        return int(self.server.stdout.readline())
