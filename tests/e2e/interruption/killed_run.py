"""Runs the pipeline as a user does, and kills all of its processes at a chosen moment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import set_options

START = "start"
_RUNNING = re.compile(r"Component (\w+) is running\.")
_TIMEOUT = 300.0


class KillableRun:
    """One attempt at the default scenario, in a process group of its own.

    Args:
        output: Its output folder.
        overrides: `key.path=value` strings.
    """

    def __init__(self, output: Path, *overrides: str) -> None:
        self._logs = output / "logs"
        self._before = set(self._logs.glob("*.log"))
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pipelines.cli", "run", "configs/mnist_to_optdigits.yaml"),
                *set_options(overrides),
                *("--output", str(output)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "CI": "true"},
            start_new_session=True,
        )

    @property
    def log(self) -> str:
        """What this attempt has logged so far."""
        new = set(self._logs.glob("*.log")) - self._before
        return "".join(path.read_text(errors="replace") for path in new)

    @property
    def stage(self) -> str:
        """The component that was started last, or `start`."""
        return ([START, *_RUNNING.findall(self.log)])[-1]

    def finish(self) -> int:
        """Lets the run end by itself; returns its exit status."""
        return self._process.wait(timeout=_TIMEOUT)

    def kill_when(self, moment: Callable[[KillableRun], bool], delay: float) -> str | None:
        """Kills every process of the run some seconds after a moment.

        Returns:
            The stage in which it happened; None where the run had ended before.
        """
        deadline = time.monotonic() + _TIMEOUT
        while self._process.poll() is None and not moment(self):
            assert time.monotonic() < deadline, f"it hangs in {self.stage}"
            time.sleep(0.05)
        try:
            self._process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
        return None if self._process.wait() >= 0 else self.stage
