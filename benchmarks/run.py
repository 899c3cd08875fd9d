"""Runs the benchmarks, prints a table and writes results.json.

    python -m benchmarks.run

Each comparison alternates its two sides in one process; a figure is the median of the repeats.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks.training_step import fit_speed, loop_speed, random_digits
from modules.framing import frame_images
from modules.precision import choose_precision

RESULTS = Path(__file__).parent / "results.json"
_REPEATS = 5


def main() -> None:
    """Measures everything."""
    examples = random_digits(6000)
    rows = []
    for precision in dict.fromkeys(("float32", choose_precision("auto"))):
        ours, fits = [], []
        for _ in range(_REPEATS):
            ours.append(loop_speed(precision, examples))
            fits.append(fit_speed(precision, examples))
        ratios = [our / fit for our, fit in zip(ours, fits, strict=True)]
        rows += [
            row(f"training loop, {precision}", ours, "examples/s"),
            row(f"keras.Model.fit, {precision}", fits, "examples/s"),
            row(f"loop / fit, {precision}", ratios, "times"),
        ]
    rows.append(row("framing in the graph", repeat(framing_speed), "images/s"))
    report = {"machine": machine(), "repeats": _REPEATS, "rows": rows}
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print_table(rows)


def framing_speed() -> float:
    """Frames batches of 1,000 images of 28x28 inside a tf.function, in images per second."""
    images = tf.constant(random_digits(1000).images)
    frame = tf.function(lambda batch: frame_images(batch, 28))
    frame(images)
    started = time.perf_counter()
    for _ in range(10):
        frame(images)
    return 10_000 / (time.perf_counter() - started)


def repeat(measure: Callable[[], float]) -> list[float]:
    """Measures several times."""
    return [measure() for _ in range(_REPEATS)]


def row(name: str, values: list[float], unit: str) -> dict[str, Any]:
    """Sums repeats up as median, minimum and maximum."""
    return {
        "name": name,
        "unit": unit,
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
    }


def machine() -> dict[str, Any]:
    """Describes where the figures come from."""
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "cpus": len(os.sched_getaffinity(0)),
    }


def print_table(rows: list[dict[str, Any]]) -> None:
    """Prints the rows."""
    table = Table("what", "median", "min", "max", "unit")
    for item in rows:
        digits = 2 if item["unit"] == "times" else 0
        figures = [f"{item[key]:,.{digits}f}" for key in ("median", "min", "max")]
        table.add_row(item["name"], *figures, item["unit"])
    Console().print(table)


if __name__ == "__main__":
    main()
