"""Runs the benchmarks, prints a table of what was reached and what is wanted, writes results.json.

    python -m benchmarks.run [--only training_step,framing] [--repeats 5]

Each comparison alternates its two sides in one run; a figure is the median of the repeats.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure

RESULTS = Path(__file__).parent / "results.json"

# Modules with a `measure(repeats)`, and by how much fewer repeats they make do with.
BENCHMARKS = {
    "training_step": 1,
    "batch_supply": 1,
    "center_loss": 1,
    "framing": 1,
    "default_run": 3,
    "growth": 5,
    "stock_design": 5,
}


@click.command()
@click.option("--only", help=f"Comma-separated names out of {', '.join(BENCHMARKS)}.")
@click.option("--repeats", type=click.IntRange(min=1), default=5, show_default=True)
def main(only: str | None, repeats: int) -> None:
    """Measure the project's speed; quiet machine wanted."""
    names = only.split(",") if only else list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(BENCHMARKS)}")
    figures: list[Figure] = []
    for name in names:
        module = importlib.import_module(f"benchmarks.{name}")
        figures += module.measure(max(1, repeats // BENCHMARKS[name]))
        write_results(figures)
    print_table(figures)


def write_results(figures: Sequence[Figure]) -> None:
    """Keeps what was measured so far, so that an interruption loses one benchmark at most."""
    report = {"machine": machine(), "figures": [figure.as_json() for figure in figures]}
    partial = RESULTS.with_suffix(".partial")
    partial.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    partial.replace(RESULTS)


def machine() -> dict[str, Any]:
    """Describes where the figures come from."""
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "cpus": len(os.sched_getaffinity(0)),
    }


def print_table(figures: Sequence[Figure]) -> None:
    """Prints one row a figure."""
    table = Table("what", "median", "min", "max", "unit", "wanted", "reached")
    for figure in figures:
        digits = 0 if figure.unit.endswith("/s") else 2
        values = (figure.median, min(figure.values), max(figure.values))
        shown = [f"{value:,.{digits}f}" for value in values]
        wanted = "" if figure.wanted is None else str(figure.wanted)
        table.add_row(figure.name, *shown, figure.unit, wanted, figure.verdict)
    Console().print(table)


if __name__ == "__main__":
    main()
