"""The results of a study: table, page and record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from modules.core.atomic_files import write_atomically
from modules.networks.precision import choose_precision
from modules.study.cells import CellResult
from modules.study.differences import paired_differences, study_markdown
from modules.study.page import StudyFacts, build_study_page
from modules.study.plot import write_plot
from modules.study.summary import SummaryRow, to_csv, to_table
from pipelines.config import Config
from pipelines.running.result import environment
from pipelines.running.summary import print_places

_SCHEMA_VERSION = 1
_PAGE = "study.html"


def write_study(
    config: Config,
    rows: Sequence[SummaryRow],
    results: Sequence[CellResult],
    output: Path,
    command: str | None,
) -> None:
    """Writes study.csv, study.md, study.png and study.html, and study.json last.

    Args:
        config: The scenario.
        rows: The table.
        results: The cells.
        output: The folder.
        command: The command that repeats the study, if one was used.
    """
    source, target, total = config.start_name, config.target.name, results[0].total
    seconds = sum(result.seconds for result in results)
    record: dict[str, Any] = {
        "schema_version": _SCHEMA_VERSION,
        "name": config.name,
        "source": source,
        "target": {"name": target, "eval_examples": total},
        "rows": [
            {
                "method": row.method,
                "shots": row.shots,
                "repeats": len(row.accuracies),
                "mean": row.mean,
                "sd": row.sd,
                "accuracies": row.accuracies,
            }
            for row in rows
        ],
        "differences": [
            {
                "method": difference.method,
                "control": difference.control,
                "shots": difference.shots,
                "mean": difference.mean,
                "sd": difference.sd,
                "values": difference.values,
            }
            for difference in paired_differences(rows)
        ],
        "seconds": {"cells": round(seconds, 3), "cell": round(seconds / len(results), 3)},
        "environment": environment(choose_precision(config.training.precision)),
        "config": config.model_dump(mode="json"),
    }
    reproduction = {**record, "command": command}
    facts = StudyFacts(source, target, total, len(results), config.seed, reproduction)
    write_atomically(output / "study.csv", to_csv(rows))
    write_atomically(output / "study.md", study_markdown(rows))
    write_plot(rows, f"{source} to {target}", output / "study.png")
    write_atomically(output / _PAGE, build_study_page(rows, facts))
    write_atomically(output / "study.json", json.dumps(record, indent=2) + "\n")


def print_study(rows: Sequence[SummaryRow], output: Path, console: Console) -> None:
    """Prints the table, and where to find the rest."""
    table = Table(box=box.SIMPLE_HEAD, title="target accuracy, %: mean ± sd", title_justify="left")
    header, *body = to_table(rows)
    for place, name in enumerate(header):
        table.add_column(name, justify="right" if place else "left")
    for line in body:
        table.add_row(*line)
    console.print(table)
    print_places(console, {"Page": str(output / _PAGE), "Results": str(output)})
