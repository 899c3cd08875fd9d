"""Where a training step's time goes, by operation, measured by TensorFlow's profiler.

    python -m benchmarks.step_profile [--precision float32] [--top 12]

Operations run in parallel on several cores, so their milliseconds add up to more than a step.
"""

from __future__ import annotations

import itertools
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import tensorflow as tf
from rich.console import Console
from rich.table import Table
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from benchmarks.batch_supply import first_batch_only
from benchmarks.loop_speed import BATCH, STEPS, loop_speed, source_batches
from benchmarks.random_digits import random_digits
from modules.networks.precision import choose_precision
from modules.settings import Precision
from modules.training.objectives import SOURCE, CrossEntropy

_HOST = "/host:CPU"
# Operations of the compiled loop's body carry its name; those of set-up and saving do not.
_LOOP_BODY = "while/body"
_PICOSECONDS_A_MILLISECOND = 1e9


@click.command()
@click.option(
    "--precision",
    type=click.Choice(get_args(Precision)),
    default="auto",
    show_default=True,
    help="As training.precision.",
)
@click.option("--top", default=12, show_default=True, help="Rows to print.")
def main(precision: Precision, top: int) -> None:
    """Profile the pretraining's step on random digits that stay in memory."""
    policy = choose_precision(precision)
    milliseconds = profile_step(policy)
    total = sum(milliseconds.values())
    table = Table("operation", "ms a step", "share", title=f"LeNet, batch {BATCH}, {policy}")
    shown = dict(itertools.islice(milliseconds.items(), top))
    shown["others"] = total - sum(shown.values())
    for operation, spent in shown.items():
        table.add_row(operation, f"{spent:.2f}", f"{spent / total:.0%}")
    Console().print(table)


def profile_step(precision: str) -> dict[str, float]:
    """Gives milliseconds a step by kind of operation, over all threads, most expensive first."""
    batches = first_batch_only(source_batches(random_digits(BATCH)))
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        loop_speed(precision, CrossEntropy(SOURCE), batches)
        tf.profiler.experimental.stop()
        spent: defaultdict[str, float] = defaultdict(float)
        for operation, milliseconds in _operations(Path(folder)):
            spent[operation] += milliseconds / STEPS
    return dict(sorted(spent.items(), key=lambda item: item[1], reverse=True))


def _operations(folder: Path) -> Iterator[tuple[str, float]]:
    """Yields kind and milliseconds of each operation that ran in the training loop."""
    for path in folder.rglob("*.xplane.pb"):
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
        for plane in space.planes:
            if plane.name != _HOST:
                continue
            for event in (event for line in plane.lines for event in line.events):
                name, _, operation = plane.event_metadata[event.metadata_id].name.rpartition(":")
                if _LOOP_BODY in name:
                    yield operation, event.duration_ps / _PICOSECONDS_A_MILLISECOND


if __name__ == "__main__":
    main()
