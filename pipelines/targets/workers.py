"""Processes that run branches side by side, each with TensorFlow imported once."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import tensorflow as tf
from tfx.proto.orchestration import pipeline_pb2

from modules.core.errors import OutputError
from modules.core.interruption import signals_heard
from pipelines.running.dag_runner import CompiledPipeline, records_to_log
from pipelines.running.lifeline import end_with
from pipelines.targets.branch import Branch, run_branch
from pipelines.targets.events import BranchEvent
from pipelines.targets.outcome import BranchOutcome, RunPlace
from pipelines.targets.shared_metadata import shared_metadata_in

# A training that is asked to stop saves after its step.
_SECONDS_TO_STOP = 60.0


@dataclass(frozen=True)
class _Stopped:
    """A worker's run cannot go on at all: the words of an OutputError."""

    reason: str


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    branch: Branch


def run_side_by_side(
    pipeline: bytes,
    branches: Sequence[Branch],
    place: RunPlace,
    show: Callable[[BranchEvent], None],
    workers: int,
) -> Generator[BranchOutcome, None, None]:
    """Runs branches in processes of their own, yielding each outcome as soon as it is there.

    Args:
        pipeline: The compiled pipeline of all targets, serialized; its trunk has run.
        branches: Started in this order.
        place: Where the run writes.
        show: Hears about the components at work, in this process.
        workers: Number of processes.

    Raises:
        OutputError: The disk is full or read-only.
    """
    # Not a fork: TensorFlow's threads would not survive it.
    context = multiprocessing.get_context("spawn")
    threads = max(1, len(os.sched_getaffinity(0)) // workers)
    lifeline, held = context.Pipe(duplex=False)
    waiting = deque(branches)
    busy: dict[Connection, _Worker] = {}

    def start() -> None:
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(pipeline, place, threads, theirs, lifeline))
        process.start()
        theirs.close()
        busy[ours] = _Worker(process, ours, waiting.popleft())
        ours.send(busy[ours].branch)

    try:
        while busy or waiting:
            while waiting and len(busy) < workers:
                start()
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                worker = busy[connection]
                try:
                    message = connection.recv()
                except (EOFError, ConnectionResetError):
                    del busy[connection]
                    yield _lost(worker)
                    continue
                if isinstance(message, _Stopped):
                    raise OutputError(message.reason)
                if isinstance(message, BranchEvent):
                    show(message)
                    continue
                if waiting:
                    worker.branch = waiting.popleft()
                    connection.send(worker.branch)
                else:
                    del busy[connection]
                    connection.close()
                yield message
    except BaseException:
        _stop(list(busy.values()))
        raise
    finally:
        # Ends those that have not ended by themselves.
        held.close()


def _lost(worker: _Worker) -> BranchOutcome:
    worker.process.join()
    code = worker.process.exitcode or 0
    how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    return BranchOutcome(
        worker.branch.target,
        0.0,
        error=f"{worker.branch.target}: its process ended ({how}); for want of memory, perhaps. "
        "Rerun the same command, with fewer --workers.",
    )


def _stop(workers: Sequence[_Worker]) -> None:
    """Asks all to save and end."""
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.process.pid or 0, signal.SIGINT)
    for worker in workers:
        worker.process.join(_SECONDS_TO_STOP)


def _work(
    pipeline: bytes, place: RunPlace, threads: int, connection: Connection, lifeline: Connection
) -> None:
    """Runs the branches that come through the connection, until it is closed."""
    # A terminal's Ctrl-C is for the first process, which asks this one to stop.
    os.setpgid(0, 0)
    end_with(lifeline)
    # The first process has sent standard error to the log file.
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    with signals_heard(say=lambda _: None), contextlib.suppress(KeyboardInterrupt, EOFError):
        compiled = _compiled(pipeline, place, threads)
        while True:
            branch = connection.recv()
            try:
                outcome = run_branch(compiled, branch, place, connection.send)
            except OutputError as error:
                connection.send(_Stopped(str(error)))
                return
            connection.send(outcome)


def _compiled(pipeline: bytes, place: RunPlace, threads: int) -> CompiledPipeline:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    records_to_log()
    parsed = pipeline_pb2.Pipeline.FromString(pipeline)
    return CompiledPipeline(parsed, shared_metadata_in(place.output))
