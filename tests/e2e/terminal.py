"""A real terminal of a given size, by tmux, whose screen can be read and whose keys pressed."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest


class Terminal:
    """A tmux session in a server of its own.

    Args:
        server: Name of the server.
        recording: File with every byte that programs wrote to the terminal.
    """

    def __init__(self, server: str, recording: Path) -> None:
        self._server = server
        self._recording = recording

    @property
    def recording(self) -> str:
        """All that was written to the terminal, with its control sequences."""
        return self._recording.read_text(errors="replace")

    @property
    def lines(self) -> list[str]:
        """What stands on the screen and above it; a line that was wrapped is one."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-").splitlines()

    @property
    def is_cursor_shown(self) -> bool:
        """Whether programs have left the cursor visible."""
        return self.recording.rfind("\x1b[?25h") >= self.recording.rfind("\x1b[?25l")

    def run(self, command: Sequence[str]) -> None:
        """Starts a command on an empty screen."""
        self.tmux("clear-history")
        self.tmux("respawn-pane", "-k", shlex.join(command))

    def press(self, key: str) -> None:
        """Presses a key, such as `C-c`."""
        self.tmux("send-keys", key)

    def wait_for(self, pattern: str, seconds: float = 240) -> re.Match[str]:
        """Waits until a line fits a pattern."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            matches = [match for line in self.lines if (match := re.search(pattern, line))]
            if matches:
                return matches[-1]
            assert not self.has_ended, f"it ended before '{pattern}':\n" + "\n".join(self.lines)
            time.sleep(0.05)
        pytest.fail(f"no '{pattern}' within {seconds} s:\n" + "\n".join(self.lines))

    @property
    def has_ended(self) -> bool:
        """Whether the command has ended."""
        return self._format("pane_dead") == "1"

    def wait_for_the_end(self, seconds: float = 60) -> int:
        """Waits until the command has ended; returns its exit status, as a shell would see it."""
        ends = time.monotonic() + seconds
        while True:
            if status := self._format("pane_dead_status"):
                return int(status)
            if number := self._format("pane_dead_signal"):
                return 128 + int(number)
            if self.has_ended:
                # tmux sometimes misses this signal, and then never asks for the status.
                os.kill(int(self._format("pid")), signal.SIGCHLD)
            assert time.monotonic() < ends, "it goes on:\n" + "\n".join(self.lines)
            time.sleep(0.05)

    def tmux(self, *arguments: str) -> str:
        """Runs a command of tmux in this server."""
        command = ["tmux", "-L", self._server, "-f", os.devnull, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _format(self, name: str) -> str:
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()


@contextlib.contextmanager
def terminal_of(columns: int, rows: int, recording: Path) -> Iterator[Terminal]:
    """Opens a terminal; without tmux the test is skipped."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is missing, which provides a terminal")
    terminal = Terminal(f"warmstart-{uuid.uuid4().hex}", recording)
    terminal.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "cat")
    try:
        terminal.tmux("set-option", "-g", "remain-on-exit", "on")
        terminal.tmux("pipe-pane", f"cat >> {shlex.quote(str(recording))}")
        yield terminal
    finally:
        terminal.tmux("kill-server")
