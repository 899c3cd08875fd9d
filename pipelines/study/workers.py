"""Processes that run a study's cells side by side, each with TensorFlow imported once."""

from __future__ import annotations

import functools
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

from modules.core.errors import TrainingError, WarmstartError
from modules.study.cells import Cell, CellResult

if TYPE_CHECKING:
    from modules.study.cell_runner import CellRunner, StudyInputs


def run_cells(
    inputs: StudyInputs, cells: Sequence[Cell], workers: int, threads: int
) -> Iterator[CellResult]:
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
    with ProcessPoolExecutor(workers, context, _start_worker, (threads,)) as pool:
        futures = [pool.submit(_run_cell, inputs, cell) for cell in cells]
        try:
            for future in as_completed(futures):
                outcome = future.result()
                if isinstance(outcome, str):
                    raise TrainingError(outcome)
                yield outcome
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _start_worker(threads: int) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)


def _end_with_parent() -> None:
    """Ends this worker when the study is killed; else it would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


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
