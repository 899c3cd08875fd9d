"""One worker of a training on several processes or hosts.

    export TF_CONFIG='{"cluster": {"worker": ["a:2222", "b:2222"]},
                       "task": {"type": "worker", "index": 0}}'
    python -m modules.training_worker JOB.json

All workers run the same command; `TF_CONFIG` alone tells them apart, and the first one writes what
the training leaves behind.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from modules.core.errors import ConfigError, WarmstartError
from modules.core.progress import PROGRESS_LOGGER, Progress
from modules.training.cluster import TF_CONFIG, WorkerCluster, workers_to_train
from modules.training.jobs import PretrainingJob, ScratchJob, TrainingJob, read_job
from modules.training.processes import LOST_ANOTHER_WORKER, REPORT_PREFIX

_SECONDS_BETWEEN_LOOKS = 0.2
_CHIEF_ANSWERS_WITHIN = 5.0  # seconds

if TYPE_CHECKING:
    from modules.training.placement import TrainingPlacement


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="modules.training_worker", allow_abbrev=False)
    parser.add_argument("job", type=Path, help="JSON file, the same on each worker")
    parser.add_argument(
        "--supervised",
        action="store_true",
        help="report to the process that started this one, and end with it",
    )
    return parser.parse_args(arguments)


def train(job: TrainingJob) -> None:
    """Trains a job as the worker that TF_CONFIG says.

    Raises:
        ConfigError: Job and TF_CONFIG do not go together.
        WarmstartError: As the job's own training does.
    """
    cluster = WorkerCluster.read(os.environ)
    workers = workers_to_train(job.training.workers, cluster)
    if workers > 1 and cluster is None:
        raise ConfigError(
            f"training.workers is {workers}, but {TF_CONFIG} is not set: a worker cannot know the "
            "others. Set it on each of them, or train in the pipeline, which starts its own."
        )
    # Imported late: a wrong job should not wait for TensorFlow.
    from modules.training.placement import TrainingPlacement

    placement = TrainingPlacement.of_one_device()
    if cluster is not None and workers > 1:
        placement = TrainingPlacement.of_worker(cluster, job.training.worker_timeout_seconds)
    _train(job, placement)
    if cluster is not None and cluster.worker > 0:
        _outlive_chief(cluster, job.model_run)


def _train(job: TrainingJob, placement: TrainingPlacement) -> None:
    if isinstance(job, PretrainingJob):
        from modules.pretraining import pretrain

        pretrain(job, placement)
    elif isinstance(job, ScratchJob):
        from modules.scratch_training import train_control

        train_control(job, placement)
    else:
        from modules.transfer.warm_start import WarmStart

        inputs = {field.name: getattr(job, field.name) for field in fields(WarmStart)}
        WarmStart(**inputs).train(job.model, job.model_run, job.mapping_report, placement)


def _outlive_chief(cluster: WorkerCluster, model_run: str) -> None:
    """Waits until the chief, which may still ask for what was last reduced, has ended.

    Raises:
        LostWorkerError: It has not finished its work.
    """
    from modules.training.record import TrainingRecord

    host, _, port = cluster.addresses[0].rpartition(":")
    with contextlib.suppress(OSError):
        while True:
            socket.create_connection((host, int(port)), timeout=_CHIEF_ANSWERS_WITHIN).close()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    if not TrainingRecord.exists(model_run):
        raise LostWorkerError


class LostWorkerError(Exception):
    """Another worker is gone before the training was complete."""


class _Reports(logging.Handler):
    """Hands progress to the supervisor."""

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, Progress):
            _report(asdict(record.msg))


def _report(content: dict) -> None:
    print(f"{REPORT_PREFIX}{json.dumps(content)}", flush=True)


def _end_with_supervisor() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> NoReturn:
    """Trains; exits with 0, with 1 and the reason, or with 138 where another worker was lost."""
    options = parse_arguments(sys.argv[1:])
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    for name in ("modules", PROGRESS_LOGGER):
        logging.getLogger(name).setLevel(logging.INFO)
    if options.supervised:
        threading.Thread(target=_end_with_supervisor, daemon=True).start()
        logging.getLogger(PROGRESS_LOGGER).addHandler(_Reports())
        logging.getLogger(PROGRESS_LOGGER).propagate = False
    status = 0
    try:
        train(read_job(options.job))
    except WarmstartError as error:
        status = 1
        _tell(str(error), options.supervised)
    except Exception as error:
        status = 1
        if _lost_another_worker(error):
            status = LOST_ANOTHER_WORKER
            _tell(
                "another worker does not answer. Look for the one that failed first; started "
                "again, all of them go on from the last checkpoint.",
                options.supervised,
            )
        traceback.print_exc()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # At once: TensorFlow's collectives would wait for workers that are gone.
    os._exit(status)


def _tell(error: str, supervised: bool) -> None:
    if supervised:
        _report({"error": error})
    else:
        print(f"Error: {error}", file=sys.stderr)


def _lost_another_worker(error: Exception) -> bool:
    from tensorflow import errors

    lost = (errors.UnavailableError, errors.DeadlineExceededError, errors.AbortedError)
    return isinstance(error, (*lost, errors.CancelledError, LostWorkerError))


if __name__ == "__main__":
    main()
