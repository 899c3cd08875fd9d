"""What more data costs: seconds and peak memory of each component of a local run.

    python -m benchmarks.growth --scale 1,3,10 [--set beam.runner=...]

Scale 1 is MNIST's 60,000 train images; `data.write_grown_mnist` makes the others. Pretraining and
transfer take few steps. Compare seconds of different scales only if the machine was equally busy.
"""

from __future__ import annotations

import bisect
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
from benchmarks.process_memory import Memory, sample_memory
from data.write_grown_mnist import MNIST_IMAGES, write_grown_mnist
from modules.study.summary import to_markdown

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
    """One run on so many train images: wall time and peak memory by component."""

    images: int
    seconds: dict[str, float]
    memory: dict[str, Memory]

    @property
    def data_seconds(self) -> float:
        """Seconds of the components that read the whole source, except for the trainer."""
        return sum(self.seconds[name] for name in DATA_COMPONENTS)

    def peak(self, names: Sequence[str] | None = None) -> Memory:
        """Peak memory of some components, or of the whole run."""
        return functools.reduce(
            Memory.at_least, [self.memory[name] for name in names or self.memory]
        )


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
            [run.peak().anonymous for run in large],
            [run.peak().anonymous for run in small],
            at_most(1.5),
        ),
    ]


def run_grown(images: int, overrides: Sequence[str] = ()) -> GrownRun:
    """Runs the default scenario with a source of so many train images, and `key=value` strings."""
    with tempfile.TemporaryDirectory() as name:
        folder, output = Path(name), Path(name, "output")
        source = write_grown_mnist(folder / "source", images)
        command = [sys.executable, "-m", "pipelines.cli", "run", CONFIG, "--output", str(output)]
        for override in (f"source.path={source}", *_STEPS, *overrides):
            command += ["--set", override]
        with (folder / "log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            samples = sample_memory(process)
        if process.returncode:
            raise RuntimeError(f"the run failed:\n{(folder / 'log').read_text(encoding='utf-8')}")
        result = json.loads((output / "result.json").read_text(encoding="utf-8"))
        finished = {name: end for name, (_, end) in result["timeline"].items()}
        memory = peak_by_component(samples, finished)
    return GrownRun(images, {name: result["seconds"][name] for name in memory}, memory)


def peak_by_component(
    samples: Sequence[tuple[float, Memory]], finished: Mapping[str, float]
) -> dict[str, Memory]:
    """Attributes each sample, a time and the memory then, to the component that finished next.

    Args:
        samples: In order of time.
        finished: Time by component, ascending; components run one after the other.
    """
    peaks = dict.fromkeys(finished, Memory())
    names, times = list(finished), list(finished.values())
    for moment, memory in samples:
        place = bisect.bisect_left(times, moment)
        if place < len(names):
            peaks[names[place]] = peaks[names[place]].at_least(memory)
    return peaks


def to_table(runs: Sequence[GrownRun]) -> str:
    """Makes a Markdown table of seconds, their growth, and peak memory: a row a component."""
    images = [f"{run.images:,}" for run in runs]
    header = ["component", *(f"s, {count}" for count in images), "growth"]
    table = [header + [f"GiB, {count}" for count in images]]
    names = list(runs[0].seconds)
    rows = [(name, [run.seconds[name] for run in runs], [name]) for name in names]
    rows.append(("data components", [run.data_seconds for run in runs], list(DATA_COMPONENTS)))
    rows.append(("all", [sum(run.seconds.values()) for run in runs], names))
    for name, seconds, members in rows:
        table.append(
            [name, *(f"{value:.1f}" for value in seconds), f"{seconds[-1] / seconds[0]:.1f}"]
            + [f"{run.peak(members).resident / _GIB:.2f}" for run in runs]
        )
    table.append(
        ["all, without pages of files", *[""] * len(runs), ""]
        + [f"{run.peak().anonymous / _GIB:.2f}" for run in runs]
    )
    return to_markdown(table)


@click.command()
@click.option("--scale", "scales", default="1,3,10", show_default=True, help="Multiples of MNIST.")
@click.option("--set", "overrides", multiple=True, help="key.path=value, as for 'warmstart run'.")
def main(scales: str, overrides: tuple[str, ...]) -> None:
    """Run the default scenario on more and more images."""
    runs = []
    for scale in scales.split(","):
        runs.append(run_grown(round(float(scale) * MNIST_IMAGES), overrides))
        click.echo(to_table(runs))


if __name__ == "__main__":
    main()
