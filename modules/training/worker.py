"""What one worker process does: joins the others, trains, and reports how it ended."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from modules.core.errors import ConfigError, WarmstartError
from modules.core.interruption import Interrupted, exit_status, request_stop, signals_heard
from modules.core.progress import PROGRESS_LOGGER, Progress, Resumption
from modules.training.cluster import TF_CONFIG, WorkerCluster, workers_to_train
from modules.training.jobs import AnyTrainingJob, read_job
from modules.training.processes import LOST_ANOTHER_WORKER, REPORT_PREFIX

if TYPE_CHECKING:
    from modules.training.placement import TrainingPlacement

_SECONDS_BETWEEN_LOOKS = 0.2
_CHIEF_ANSWERS_WITHIN = 5.0  # seconds

Train = Callable[[AnyTrainingJob, "TrainingPlacement"], None]


class LostWorkerError(Exception):
    """Another worker ended before the training was complete."""


def work(job_file: Path, train: Train, *, supervised: bool) -> NoReturn:
    """Trains a job, then ends the process.

    The exit status is 0, 1 for an error, 138 where another worker was lost, or 128 and the signal's
    number after a Ctrl-C or SIGTERM. One such signal stops all workers at the same step.

    Args:
        job_file: The job, the same file for all workers.
        train: Trains a job in this process.
        supervised: Report to the process that started this one, and end with it.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    for name in ("modules", PROGRESS_LOGGER):
        logging.getLogger(name).setLevel(logging.INFO)
    if supervised:
        # The supervisor hears signals, and asks.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=_obey_supervisor, daemon=True).start()
        logging.getLogger(PROGRESS_LOGGER).addHandler(_Reports())
        logging.getLogger(PROGRESS_LOGGER).propagate = False
    status = _status_of(job_file, train, supervised)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # At once: TensorFlow's collectives would wait for workers that are gone.
    os._exit(status)


def _status_of(job_file: Path, train: Train, supervised: bool) -> int:
    try:
        _train_as_worker(read_job(job_file), train, supervised)
    except KeyboardInterrupt as interrupt:
        _tell(str(interrupt), supervised, kind="Interrupted")
        return exit_status()
    except WarmstartError as error:
        _tell(str(error), supervised)
        return 1
    except Exception as error:
        lost = _lost_another_worker(error)
        if lost:
            _tell(
                "another worker does not answer. Look for the one that failed first; when all are "
                "started again, they resume from the last checkpoint.",
                supervised,
            )
        traceback.print_exc()
        return LOST_ANOTHER_WORKER if lost else 1
    return 0


def _train_as_worker(job: AnyTrainingJob, train: Train, supervised: bool) -> None:
    """Trains as the worker that TF_CONFIG names.

    Raises:
        ConfigError: Job and TF_CONFIG do not fit each other.
        Interrupted: A stop was requested; the chief has saved the last step.
        LostWorkerError: The chief ended without finishing its work.
    """
    settings = job.plan.training
    cluster = WorkerCluster.read(os.environ)
    workers = workers_to_train(settings.workers, cluster)
    if workers > 1 and cluster is None:
        raise ConfigError(
            f"training.workers is {workers}, but {TF_CONFIG} is not set, so that a worker cannot "
            "find the others. Set it on each of them, or train in the pipeline, which starts its "
            "own workers."
        )
    # Imported late: a wrong job should not wait for TensorFlow.
    from modules.training.placement import TrainingPlacement

    placement = TrainingPlacement.of_one_device()
    if cluster is not None and workers > 1:
        placement = TrainingPlacement.of_worker(cluster, settings.worker_timeout_seconds)
    # Not before: a worker that joins gets a handler of SIGTERM from TensorFlow.
    hearing = contextlib.nullcontext() if supervised else signals_heard(_say)
    if cluster is None or cluster.worker == 0:
        with hearing:
            train(job, placement)
        return
    with _outliving(cluster.addresses[0]), hearing:
        train(job, placement)
    from modules.training.record import TrainingRecord

    if not TrainingRecord.exists(job.model_run):
        raise LostWorkerError


@contextlib.contextmanager
def _outliving(chief: str) -> Iterator[None]:
    """Waits after the block until the chief has ended: it may ask for what was last reduced."""
    interrupt = None
    try:
        yield
    except Interrupted as error:
        interrupt = error
    host, _, port = chief.rpartition(":")
    with contextlib.suppress(OSError):
        while True:
            socket.create_connection((host, int(port)), timeout=_CHIEF_ANSWERS_WITHIN).close()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    if interrupt:
        raise interrupt


def _lost_another_worker(error: Exception) -> bool:
    from tensorflow import errors

    lost = (errors.UnavailableError, errors.DeadlineExceededError, errors.AbortedError)
    return isinstance(error, (*lost, errors.CancelledError, LostWorkerError))


class _Reports(logging.Handler):
    """Hands progress to the supervisor."""

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, Progress):
            _report(asdict(record.msg))
        elif isinstance(record.msg, Resumption):
            _report({"resumption": asdict(record.msg)})


def _report(content: dict) -> None:
    print(f"{REPORT_PREFIX}{json.dumps(content)}", flush=True)


def _tell(error: str, supervised: bool, kind: str = "Error") -> None:
    if supervised:
        _report({"error": error})
    else:
        _say(f"{kind}: {error}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _obey_supervisor() -> None:
    """Stops when the supervisor writes a line, and ends when it has ended."""
    for _ in sys.stdin:
        request_stop()
    os._exit(1)
