"""Processes that run a study's cells side by side, each with TensorFlow imported once."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from modules.core.errors import TrainingError, WarmstartError
from modules.study.cells import Cell, CellResult
from pipelines.running.lifeline import end_with

if TYPE_CHECKING:
    from modules.study.cell_runner import CellRunner, StudyInputs


def run_cells(
    inputs: StudyInputs, cells: Sequence[Cell], workers: int, threads: int
) -> Generator[CellResult, None, None]:
    """Runs cells, yielding each result as soon as the cell finishes.

    Args:
        inputs: What the cells have in common.
        cells: Started in this order.
        workers: Number of processes.
        threads: Number of threads of each process.

    Yields:
        The results, in the order in which the cells finish.

    Raises:
        TrainingError: A cell failed, with the reason; the other cells are cancelled.
    """
    # Not a fork: TensorFlow's threads would not survive it.
    context = multiprocessing.get_context("spawn")
    lifeline, held = context.Pipe(duplex=False)
    with ProcessPoolExecutor(workers, context, _start_worker, (threads, lifeline)) as pool:
        futures = [pool.submit(_run_cell, inputs, cell) for cell in cells]
        try:
            for future in as_completed(futures):
                outcome = future.result()
                if isinstance(outcome, str):
                    raise TrainingError(outcome)
                yield outcome
        except BaseException:
            # Ends the workers in the middle of their cells.
            held.close()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _start_worker(threads: int, lifeline: Connection) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Ctrl-C is for the study, which ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(lifeline)
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)


def _run_cell(inputs: StudyInputs, cell: Cell) -> CellResult | str:
    try:
        return _runner(inputs).run(cell)
    except WarmstartError as error:
        # As text, since not every such error can be pickled.
        return f"{cell.method}, {cell.shots} shots, repeat {cell.repeat}: {error}"


@functools.lru_cache(maxsize=1)
def _runner(inputs: StudyInputs) -> CellRunner:
    from modules.study.cell_runner import CellRunner

    return CellRunner(inputs)
