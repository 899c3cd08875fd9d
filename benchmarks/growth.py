"""What more data cost: seconds and peak memory of each component of a local run.

    python -m benchmarks.growth --scale 1,3,10

A scale of 1 is MNIST's 60,000 train images; see `benchmarks.grown_mnist`. Pretraining and transfer
take few steps. Seconds of several scales can be compared where the machine was as busy for one as
for the other.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.default_run import CONFIG
from benchmarks.figure import Figure, at_most, ratio
from benchmarks.grown_mnist import MNIST_IMAGES, write_grown_mnist
from benchmarks.process_memory import Memory, MemorySampler

DATA_COMPONENTS = (
    "SourceExampleGen",
    "SourceStatisticsGen",
    "ImageSchemaGen",
    "SourceValidator",
    "Transform",
    "TargetValidator",
)
_STEPS = ("pretraining.steps=300", "transfer.steps=50")
_SMALL, _FACTOR = 15_000, 4
_GIB = 2**30


@dataclass(frozen=True)
class GrownRun:
    """One run.

    Attributes:
        images: Train images of its source.
        seconds: By component.
        memory: Peak by component.
    """

    images: int
    seconds: dict[str, float]
    memory: dict[str, Memory]

    @property
    def data_seconds(self) -> float:
        """Seconds of the components that read all of the source, the trainer apart."""
        return sum(self.seconds[name] for name in DATA_COMPONENTS)

    @property
    def peak(self) -> Memory:
        """Peak memory of the run."""
        return _peak(self.memory, list(self.memory))


def measure(repeats: int) -> list[Figure]:
    """Alternates a small run with one on four times as many images."""
    pairs = [(run_grown(_SMALL), run_grown(_SMALL * _FACTOR)) for _ in range(repeats)]
    small, large = zip(*pairs, strict=True)
    return [
        ratio(
            f"data components, {_FACTOR} x the images",
            [run.data_seconds for run in large],
            [run.data_seconds for run in small],
            at_most(1.1 * _FACTOR),
        ),
        ratio(
            f"peak memory, {_FACTOR} x the images",
            [run.peak.anonymous for run in large],
            [run.peak.anonymous for run in small],
            at_most(1.5),
        ),
    ]


def run_grown(images: int, progress: bool = False) -> GrownRun:
    """Runs the default scenario with a source of so many train images."""
    with tempfile.TemporaryDirectory() as folder:
        source = write_grown_mnist(Path(folder, "source"), images)
        output = Path(folder, "output")
        overrides = [f"source.path={source}", *_STEPS]
        command = [sys.executable, "-m", "pipelines.cli", "run", CONFIG, "--output", str(output)]
        command += [part for override in overrides for part in ("--set", override)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        memory: dict[str, Memory] = {}
        lines = []
        with MemorySampler(process.pid) as sampler:
            for line in process.stdout:
                lines.append(line)
                if progress:
                    click.echo(line, nl=False)
                # The run tells of each component when it has finished.
                if line.endswith(" s\n") and line.startswith("  ") and len(line.split()) == 3:
                    memory[line.split()[0]] = sampler.take_peak()
        if process.wait():
            raise RuntimeError(f"the run failed:\n{''.join(lines)}")
        result = json.loads((output / "result.json").read_text(encoding="utf-8"))
    seconds = {name: result["seconds"][name] for name in memory}
    return GrownRun(images, seconds, memory)


def to_markdown(runs: Sequence[GrownRun]) -> str:
    """Makes a table of seconds, their growth, and peak memory in GiB: a row a component."""
    images = [f"{run.images:,}" for run in runs]
    lines = [
        ["component", *(f"s, {count}" for count in images), "growth"]
        + [f"GiB, {count}" for count in images]
    ]
    lines.append(["---"] * len(lines[0]))
    names = list(runs[0].seconds)
    rows = [(name, [run.seconds[name] for run in runs], [name]) for name in names]
    rows.append(("data components", [run.data_seconds for run in runs], list(DATA_COMPONENTS)))
    rows.append(("all", [sum(run.seconds.values()) for run in runs], names))
    for name, seconds, members in rows:
        lines.append(
            [name, *(f"{value:.1f}" for value in seconds), f"{seconds[-1] / seconds[0]:.1f}"]
            + [f"{_peak(run.memory, members).resident / _GIB:.2f}" for run in runs]
        )
    lines.append(
        ["all, without pages of files", *[""] * len(runs), ""]
        + [f"{run.peak.anonymous / _GIB:.2f}" for run in runs]
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _peak(memory: Mapping[str, Memory], names: Sequence[str]) -> Memory:
    return functools.reduce(Memory.at_least, (memory[name] for name in names))


@click.command()
@click.option("--scale", "scales", default="1,3,10", show_default=True, help="Multiples of MNIST.")
def main(scales: str) -> None:
    """Run the default scenario on more and more images."""
    runs = []
    for scale in scales.split(","):
        runs.append(run_grown(round(float(scale) * MNIST_IMAGES), progress=True))
        click.echo(to_markdown(runs))


if __name__ == "__main__":
    main()
