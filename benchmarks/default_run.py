"""The default scenario as a user runs it: `warmstart run`, first from nothing, then cached."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, at_least, at_most

CONFIG = "configs/mnist_to_optdigits.yaml"


def measure(repeats: int) -> list[Figure]:
    """Runs the scenario in a new folder, then again in the same one."""
    first, cached = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as output:
            first.append(run_default(Path(output)))
            cached.append(run_default(Path(output)))
    images = [result["source"]["examples"] + 60_000 for result in first]
    return [
        Figure("default run", [r["seconds"]["total"] for r in first], "s", at_most(75)),
        Figure("  of it: imports", [r["seconds"]["start"] for r in first], "s", at_most(6)),
        Figure("cached re-run", [r["seconds"]["total"] for r in cached], "s", at_most(10)),
        Figure(
            "ImageExampleGen on MNIST",
            [
                count / result["seconds"]["SourceExampleGen"]
                for count, result in zip(images, first, strict=True)
            ],
            "images/s",
            at_least(20_000),
        ),
    ]


def run_default(output: Path) -> dict[str, Any]:
    """Runs the default scenario and returns its result.json."""
    command = [sys.executable, "-m", "pipelines.cli", "run", CONFIG, "--output", str(output)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads((output / "result.json").read_text(encoding="utf-8"))
