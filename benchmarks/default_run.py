"""The default scenario as a user runs it: `warmstart run`, first from nothing, then cached."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.figure import Figure, at_least, at_most
from benchmarks.limit.machine import by_cpu

CONFIG = "configs/mnist_to_optdigits.yaml"


class TimedRun(NamedTuple):
    """A run's result.json, and the wall time of its command in seconds."""

    result: dict[str, Any]
    seconds: float


def measure(repeats: int) -> list[Figure]:
    """Runs the scenario in a new folder, then again in the same one."""
    first, cached = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as output:
            first.append(run_default(Path(output)))
            cached.append(run_default(Path(output)))
    times = [run.result["seconds"] for run in first]
    images = [run.result["source"]["examples"] + 60_000 for run in first]
    ingested = [
        count / seconds["SourceExampleGen"] for count, seconds in zip(images, times, strict=True)
    ]
    return [
        Figure("default run", [run.seconds for run in first], "s", at_most(by_cpu(60, 150))),
        Figure("  of it: imports", [seconds["start"] for seconds in times], "s", at_most(6)),
        Figure("cached re-run", [run.seconds for run in cached], "s", at_most(by_cpu(5, 8))),
        Figure("ImageExampleGen on MNIST", ingested, "images/s", at_least(20_000)),
    ]


def run_default(output: Path) -> TimedRun:
    """Runs the default scenario as a process of its own."""
    command = [sys.executable, "-m", "pipelines.cli", "run", CONFIG, "--output", str(output)]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    return TimedRun(json.loads((output / "result.json").read_text(encoding="utf-8")), seconds)
