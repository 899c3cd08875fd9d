"""Ctrl-C stops a run quickly and cleanly; rerunning the command resumes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import quick_overrides, read_result, run_quickly, set_options

pytestmark = pytest.mark.e2e


def test_it_stops_within_seconds_and_resumes(small_mnist: Path, tmp_path: Path) -> None:
    # After the validator Beam is at work, in Transform; after Transform the pretraining.
    for after in ("TargetValidator", "Transform"):
        interrupt(after, small_mnist, tmp_path)
        assert not (tmp_path / "result.json").exists()

    again = run_quickly(small_mnist, tmp_path)
    assert again.code == 0, again.output
    assert {"TargetValidator", "Transform"} <= set(read_result(tmp_path)["cached"])


def interrupt(after: str, small_mnist: Path, output: Path) -> None:
    """Runs until a component has finished, and presses Ctrl-C."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pipelines.cli", "run", "configs/mnist_to_optdigits.yaml"),
            *set_options(quick_overrides(small_mnist)),
            *("--output", str(output)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "CI": "true"},
        # In a shell's background, processes inherit that they ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"  {after}"):
            break
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 130, rest
    assert "rerun the same command to continue" in rest
    assert "unexpected" not in rest
