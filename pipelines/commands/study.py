"""`warmstart study`: the steps from a configuration to a few-shot table."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from modules.core.arms import SCRATCH
from modules.core.atomic_files import write_atomically
from modules.core.errors import ConfigError
from modules.core.nearest_name import nearest_name_hint
from modules.study.cells import Cell, CellResult, plan_cells
from modules.study.store import CellStore
from modules.study.summary import SummaryRow, summarize, to_csv, to_markdown, to_table
from pipelines.beam.options import check_storage
from pipelines.commands.run import check_data_folders
from pipelines.config import Config
from pipelines.running.display import create_display
from pipelines.running.output_folder import exclusive_output, storage_errors_explained
from pipelines.running.terminal_capture import logs_to_file
from pipelines.running.unexpected_errors import unforeseen_errors_explained
from pipelines.study.display import StudyDisplay

STUDY_NAME = "study"
SCHEMA_VERSION = 1


def study_command(
    config: Config,
    output: Path,
    *,
    shots: Sequence[int],
    methods: Sequence[str] = (),
    repeats: int = 5,
    pipeline: Path | None = None,
    workers: int | None = None,
    verbose: bool = False,
) -> list[SummaryRow]:
    """Runs a study, or what is left of it, and writes its table and plot.

    Args:
        config: The scenario; its own method and shots do not count.
        output: Folder for the results; it is made if needed.
        shots: Labelled target images per class.
        methods: Names of transfer methods, and `scratch`; all of them if none is given.
        repeats: Trainings of each method with each number of shots.
        pipeline: Folder of the ingested data and the pretrained model; in `output` by default.
        workers: Processes; one a core by default.
        verbose: Let the underlying logs through to the terminal.

    Returns:
        The rows of the table.

    Raises:
        WarmstartError: What went wrong, in words for the user.
    """
    check_data_folders(config)
    output = output.resolve()
    pipeline = (pipeline or output / "pipeline").resolve()
    check_storage(config.beam, str(pipeline))
    log_file = output / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    with (
        exclusive_output(output),
        storage_errors_explained(output),
        logs_to_file(log_file, also_to_terminal=verbose) as terminal,
    ):
        console = Console(file=terminal, width=None if terminal.isatty() else 100)
        console.print(
            f"warmstart study of {config.name}: {config.source.name} to {config.target.name}",
            highlight=False,
        )
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
        cells = _plan(methods, shots, repeats)
        with (
            unforeseen_errors_explained(log_file, kept="Finished cells are kept.", verbose=verbose),
            storage_errors_explained(output),
        ):
            results = _run(config, cells, output, pipeline, console, workers)
        rows = summarize(results, shots)
        write_study(config, rows, results, output, shlex.join(["warmstart", *sys.argv[1:]]))
        console.print(_table(to_table(rows)))
        page = output / f"{STUDY_NAME}.html"
        for label, place in (("Page", page), ("Results", output)):
            console.print(f"{label:<14}{place}", highlight=False, markup=False, soft_wrap=True)
    return rows


def _plan(methods: Sequence[str], shots: Sequence[int], repeats: int) -> list[Cell]:
    # Slow to import.
    from modules.training.objectives import TARGET
    from modules.transfer.methods import TRANSFER_METHODS

    known = (*TRANSFER_METHODS.names(), SCRATCH)
    for name in methods:
        if name not in known:
            raise ConfigError(
                f"--methods: no method is named '{name}'{nearest_name_hint(name, known)}"
            )
    need_labels = {
        SCRATCH,
        *(
            name
            for name in TRANSFER_METHODS.names()
            if TARGET in TRANSFER_METHODS.find(name).required_streams
        ),
    }
    cells = plan_cells(methods or known, shots, repeats, need_labels)
    if not cells:
        raise ConfigError(
            f"--shots: {', '.join(methods)} cannot train without labels. Pass numbers above 0."
        )
    return cells


def _run(
    config: Config,
    cells: Sequence[Cell],
    output: Path,
    pipeline: Path,
    console: Console,
    workers: int | None,
) -> list[CellResult]:
    from pipelines.study.pipeline import prepare_study
    from pipelines.study.workers import run_cells

    display = create_display(console)
    try:
        with exclusive_output(pipeline):
            inputs = prepare_study(config, pipeline, display)
    finally:
        display.close()
    store = CellStore(output / "cells", inputs.identity())
    finished = {result.cell: result for result in store.finished(cells)}
    missing = [cell for cell in cells if cell not in finished]
    cores = len(os.sched_getaffinity(0))
    workers = min(workers or cores, len(missing))
    progress = StudyDisplay(console, len(cells), len(finished))
    try:
        if missing:
            for result in run_cells(inputs, missing, workers, max(1, cores // workers)):
                store.keep(result)
                finished[result.cell] = result
                progress.finished(result)
    finally:
        progress.close()
    return [finished[cell] for cell in cells]


def write_study(
    config: Config,
    rows: Sequence[SummaryRow],
    results: Sequence[CellResult],
    output: Path,
    command: str,
) -> None:
    """Writes study.csv, study.md, study.png and study.html, and study.json last.

    Args:
        config: The scenario.
        rows: The table.
        results: Of every cell.
        output: An existing folder.
        command: What to type to run the same again.
    """
    # Slow to import.
    from modules.study.page import StudyFacts, build_study_page
    from modules.study.plot import write_plot

    title = f"{config.source.name} to {config.target.name}"
    write_atomically(output / f"{STUDY_NAME}.csv", to_csv(rows))
    write_atomically(output / f"{STUDY_NAME}.md", to_markdown(to_table(rows)))
    write_plot(rows, title, output / f"{STUDY_NAME}.png")
    record = _as_json(config, rows, results)
    facts = StudyFacts(
        config.source.name,
        config.target.name,
        results[0].total,
        len(results),
        config.seed,
        {**record, "command": command},
    )
    write_atomically(output / f"{STUDY_NAME}.html", build_study_page(rows, facts))
    write_atomically(output / f"{STUDY_NAME}.json", json.dumps(record, indent=2) + "\n")


def _as_json(
    config: Config, rows: Sequence[SummaryRow], results: Sequence[CellResult]
) -> dict[str, Any]:
    # Slow to import.
    from modules.networks.precision import choose_precision
    from pipelines.running.result import environment

    return {
        "schema_version": SCHEMA_VERSION,
        "name": config.name,
        "source": config.source.name,
        "target": {"name": config.target.name, "eval_examples": results[0].total},
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
        "seconds": {
            "cells": round(sum(result.seconds for result in results), 3),
            "cell": round(sum(result.seconds for result in results) / len(results), 3),
        },
        "environment": environment(choose_precision(config.training.precision)),
        "config": config.model_dump(mode="json"),
    }


def _table(lines: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="target accuracy, %: mean ± sd", title_justify="left")
    header, *body = lines
    for place, name in enumerate(header):
        table.add_column(name, justify="right" if place else "left")
    for line in body:
        table.add_row(*line)
    return table
