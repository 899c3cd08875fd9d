"""Runs the benchmarks and prints each figure beside its target.

    python -m benchmarks.run [--only training_step,framing] [--repeats 5]

It writes results.json, and the printed table as results.md. Each comparison alternates its two
sides; a figure is the median of the repeats.
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
from modules.core.atomic_files import write_atomically
from modules.networks.precision import cpu_flags
from modules.study.summary import to_markdown

RESULTS = Path(__file__).parent / "results.json"

_COLUMNS = ("what", "median", "min to max", "wanted", "reached")

# Modules with a `measure(repeats)`, and their share of the repeats.
BENCHMARKS: dict[str, float] = {
    "training_step": 1,
    "batch_supply": 1,
    "center_loss": 1,
    "framing": 1,
    "default_run": 0.6,
    "growth": 0.2,
    "stock_design": 0.6,
}


@click.command()
@click.option("--only", help=f"Comma-separated names out of {', '.join(BENCHMARKS)}.")
@click.option("--repeats", type=click.IntRange(min=1), default=5, show_default=True)
def main(only: str | None, repeats: int) -> None:
    """Measure the project's speed, on a quiet machine."""
    names = only.split(",") if only else list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(BENCHMARKS)}")
    figures: list[Figure] = []
    for name in names:
        module = importlib.import_module(f"benchmarks.{name}")
        figures += module.measure(max(1, round(repeats * BENCHMARKS[name])))
        _write_results(figures)
    print_table(figures)


def _write_results(figures: Sequence[Figure]) -> None:
    """Writes the figures so far, so that an interruption loses at most one benchmark."""
    report = {"machine": _machine(), "figures": [figure.as_json() for figure in figures]}
    write_atomically(RESULTS, json.dumps(report, indent=2) + "\n")
    write_atomically(RESULTS.with_suffix(".md"), _markdown_report(figures))


def _machine() -> dict[str, Any]:
    """Describes the machine and its software."""
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "cpus": len(os.sched_getaffinity(0)),
        "bfloat16": " ".join(sorted(flag for flag in cpu_flags() if "bf16" in flag)) or "none",
    }


def _table_rows(figures: Sequence[Figure]) -> list[tuple[str, str, str, str, str]]:
    """Formats each figure: name, median with unit, smallest to largest, target, reached."""
    rows = []
    for figure in figures:
        digits = 0 if figure.unit.endswith("/s") else 2
        median, low, high = (
            f"{value:,.{digits}f}"
            for value in (figure.median, min(figure.values), max(figure.values))
        )
        wanted = "" if figure.wanted is None else str(figure.wanted)
        unit = "" if figure.unit == "times" else f" {figure.unit}"
        rows.append((figure.name, f"{median}{unit}", f"{low} to {high}", wanted, figure.verdict))
    return rows


def print_table(figures: Sequence[Figure]) -> None:
    """Prints a row for each figure."""
    table = Table(*_COLUMNS)
    for column in table.columns[1:]:
        column.no_wrap = True
    for row in _table_rows(figures):
        table.add_row(*row)
    Console().print(table)


def _markdown_report(figures: Sequence[Figure]) -> str:
    """Gives the same table as Markdown, followed by the machine it was measured on."""
    where = ", ".join(f"{key} {value}" for key, value in _machine().items())
    return f"{to_markdown([_COLUMNS, *_table_rows(figures)])}\nMeasured with: {where}.\n"


if __name__ == "__main__":
    main()
