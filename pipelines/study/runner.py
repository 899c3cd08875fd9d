"""Runs a study: from a configuration to a few-shot table."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from modules.core.arms import SCRATCH
from modules.core.errors import ConfigError
from modules.core.nearest_name import nearest_name_hint
from modules.settings.transfer import AUTO, PRETRAINED_START
from modules.study.cells import PROBE, Cell, CellResult, plan_cells
from modules.study.store import CellStore
from modules.study.summary import SummaryRow, summarize
from pipelines.beam.options import check_storage
from pipelines.config import Config
from pipelines.registered_names import refuse_unknown_names
from pipelines.running.display import RunDisplay, print_line
from pipelines.running.observer import RunObserver
from pipelines.running.output_folder import command_line, exclusive_output
from pipelines.running.session import output_session
from pipelines.running.timing.component_seconds import expected_seconds
from pipelines.study.display import StudyDisplay
from pipelines.study.observer import CellObserver, StudyObserver

if TYPE_CHECKING:
    from modules.study.cell_runner import StudyInputs


def run_study(
    config: Config,
    output: Path,
    *,
    shots: Sequence[int],
    methods: Sequence[str] = (),
    repeats: int = 5,
    pipeline: Path | None = None,
    workers: int | None = None,
    verbose: bool = False,
    observer: StudyObserver | None = None,
) -> list[SummaryRow]:
    """Runs a study, or the rest of an interrupted one, and writes its table and plot.

    Args:
        config: The scenario. The study ignores its method and its shots.
        output: Folder for the results; it is made if needed.
        shots: Labelled target images per class.
        methods: Names of transfer methods, `auto`, `scratch` and `probe`. If none is given:
            `scratch` and all methods that can do the target's classes.
        repeats: Trainings of each method with each number of shots.
        pipeline: Folder of the ingested data and the pretrained model; in `output` by default.
        workers: Processes; one per core by default.
        verbose: Let the underlying logs through to the terminal.
        observer: Hears about the study instead of the terminal, which then shows nothing.

    Returns:
        The rows of the table.

    Raises:
        WarmstartError: What went wrong, in words for the user.
    """
    output = output.resolve()
    pipeline = (pipeline or output / "pipeline").resolve()
    check_storage(config.beam, str(pipeline))
    kept = "Finished cells are kept."
    with output_session(
        config,
        output,
        title="warmstart study of",
        width=100,
        kept=kept,
        verbose=verbose,
        on_terminal=observer is None,
    ) as console:
        refuse_unknown_names(config)
        _refuse_served_start(config)
        cells = _plan(methods, shots, repeats)
        display = observer or _Displays(console, expected_seconds(config, pipeline))
        inputs = _prepare(config, pipeline, display)
        cells = _allowed(cells, inputs, console, leave_out=not methods)
        results = _run(inputs, cells, output, display, workers)
        # Slow to import.
        from pipelines.study.results import print_study, write_study

        rows = summarize(results, shots)
        command = command_line() if observer is None else None
        write_study(config, rows, results, output, command)
        print_study(rows, output, console)
    return rows


@dataclass(frozen=True)
class _Displays(StudyObserver):
    """What the terminal shows of both parts."""

    console: Console
    expected: Mapping[str, float]

    def of_pipeline(self) -> RunObserver:
        return RunDisplay(self.console, self.expected)

    def of_cells(self, total: int, kept: int) -> CellObserver:
        return StudyDisplay(self.console, total, kept)


def _refuse_served_start(config: Config) -> None:
    if config.transfer.start != PRETRAINED_START:
        raise ConfigError(
            f"transfer.start: a study serves nothing, and starts each training from the pretrained "
            f"model; found {config.transfer.start}. Add --set transfer.start={PRETRAINED_START}."
        )


def _plan(methods: Sequence[str], shots: Sequence[int], repeats: int) -> list[Cell]:
    # Slow to import.
    from modules.training.objectives import TARGET
    from modules.transfer.methods import TRANSFER_METHODS

    by_default = (*TRANSFER_METHODS.names(), SCRATCH)
    known = (*by_default, AUTO, PROBE)
    plugins = [name for name in methods if TRANSFER_METHODS.plugin(name)]
    for name in methods:
        if name not in (*known, *plugins):
            raise ConfigError(
                f"--methods: no method is named '{name}'{nearest_name_hint(name, known)}"
            )
    need_labels = {SCRATCH, PROBE} | {
        name
        for name in (*TRANSFER_METHODS.names(), *plugins)
        if TARGET in TRANSFER_METHODS.find(name).required_streams
    }
    cells = plan_cells(methods or by_default, shots, repeats, need_labels)
    if not cells:
        raise ConfigError(
            f"--shots: {', '.join(methods)} cannot train without labels. Pass numbers above 0."
        )
    return cells


def _prepare(config: Config, pipeline: Path, observer: StudyObserver) -> StudyInputs:
    with observer.of_pipeline() as display:
        # Imports TensorFlow, which takes seconds: the display is there already.
        from pipelines.study.pipeline import prepare_study

        with exclusive_output(pipeline):
            return prepare_study(config, pipeline, display)


def _allowed(
    cells: Sequence[Cell], inputs: StudyInputs, console: Console, *, leave_out: bool
) -> list[Cell]:
    """Leaves out the cells that the classes do not allow, or refuses the study for them."""
    allowed, refused = [], []
    for cell in cells:
        try:
            inputs.refuse(cell)
        except ConfigError:
            if not leave_out:
                raise
            refused.append(cell.method)
        else:
            allowed.append(cell)
    if refused:
        names = ", ".join(dict.fromkeys(refused))
        print_line(console, f"Left out for the target's classes: {names}")
    return allowed


def _run(
    inputs: StudyInputs,
    cells: Sequence[Cell],
    output: Path,
    observer: StudyObserver,
    workers: int | None,
) -> list[CellResult]:
    # Slow to import.
    from pipelines.plugins.code import plugin_fingerprint
    from pipelines.plugins.references import method_plugin
    from pipelines.study.workers import run_cells

    references = {cell.method: method_plugin(cell.method) for cell in cells}
    code = {name: plugin_fingerprint(found) for name, found in references.items() if found}
    store = CellStore(output / "cells", inputs.identity(), code)
    finished = {result.cell: result for result in store.finished(cells)}
    missing = [cell for cell in cells if cell not in finished]
    cores = len(os.sched_getaffinity(0))
    workers = min(workers or cores, len(missing))
    with observer.of_cells(len(cells), len(finished)) as progress:
        if missing:
            running = run_cells(inputs, missing, workers, max(1, cores // workers))
            with contextlib.closing(running) as results:
                for result in results:
                    store.keep(result)
                    finished[result.cell] = result
                    progress.finished(result)
    return [finished[cell] for cell in cells]
