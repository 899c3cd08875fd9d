"""Starts the workers of a training on this host, and stops them all when one fails.

TensorFlow can join a cluster only before it has computed anything. A pipeline's process has, so it
supervises the workers and is none of them.
"""

from __future__ import annotations

import collections
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modules.core.errors import ConfigError, TrainingError
from modules.core.interruption import Interrupted, stop_deferred, stop_requested
from modules.core.progress import report_progress, report_resumption
from modules.training.cluster import TF_CONFIG, WorkerCluster, workers_to_train
from modules.training.jobs import JobType, TrainingJob

if TYPE_CHECKING:
    from modules.training.placement import TrainingPlacement

# Begins a supervised worker's line of JSON: an `error`, a `Progress` or a `resumption`.
REPORT_PREFIX = "warmstart.worker "
# Exit status of a worker that has stopped on request: that of processes that SIGTERM ends.
STOPPED = 128 + signal.SIGTERM
# Exit status of a worker that lost another one. Kubeflow restarts containers that end with 128 or
# more.
LOST_ANOTHER_WORKER = 138

_SOURCES = Path(__file__).resolve().parents[2]
_SECONDS_BETWEEN_LOOKS = 0.1
_SECONDS_TO_END = 5.0
_LINES_SHOWN = 20

_logger = logging.getLogger(__name__)


def train_job(
    job: JobType, train: Callable[[JobType, TrainingPlacement], None], *batch_sizes: int
) -> None:
    """Trains in this process, or on workers of this host where `training.workers` asks for several.

    Args:
        train: Trains it in one process.
        batch_sizes: Of all streams, which the GPUs of this process must be able to share.

    Raises:
        ConfigError: This process is itself a worker of several.
        Interrupted: A stop was requested; the last step is saved.
        TrainingError: A worker failed or was killed.
        WarmstartError: As `train` does.
    """
    cluster = WorkerCluster.read(os.environ)
    if cluster is not None and len(cluster) > 1:
        raise ConfigError(
            f"{TF_CONFIG} names {len(cluster)} workers, but a pipeline's trainer starts its own. "
            f"Set training.workers and unset {TF_CONFIG}, or run 'python -m "
            "modules.training_worker JOB.json' on each worker (docs/scaling.md)."
        )
    workers = workers_to_train(job.plan.training.workers, cluster)
    if workers > 1:
        _train_on_workers(job, workers)
        return
    from modules.training.placement import TrainingPlacement

    train(job, TrainingPlacement.of_one_process(*batch_sizes))


def _train_on_workers(job: TrainingJob, workers: int) -> None:
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="warmstart-workers-"))
        path = Path(folder, "job.json")
        path.write_text(job.model_dump_json(), encoding="utf-8")
        addresses = tuple(f"127.0.0.1:{port}" for port in free_ports(workers))
        processes = []
        for worker in range(workers):
            process = _WorkerProcess(path, WorkerCluster(addresses, worker))
            stack.callback(process.end)
            processes.append(process)
        with stop_deferred():
            _wait(processes)


class _WorkerProcess:
    """A worker process. Its output is logged line by line.

    Attributes:
        has_begun: Whether it has reported a step.
        error: Why it has ended, in words for the user.
        last_lines: The end of its output.
    """

    def __init__(self, job: Path, cluster: WorkerCluster) -> None:
        self.worker = cluster.worker
        self.has_begun = False
        self.error: str | None = None
        self.last_lines: collections.deque[str] = collections.deque(maxlen=_LINES_SHOWN)
        temporary = job.parent / f"worker-{self.worker}"
        temporary.mkdir()
        cores = len(os.sched_getaffinity(0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "modules.training_worker", str(job), "--supervised"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                "TF_CPP_MIN_LOG_LEVEL": "1",
                "TF_NUM_INTRAOP_THREADS": str(max(1, cores // len(cluster))),
                **os.environ,
                # As it is here: plug-ins may lie where only this process was told to look.
                "PYTHONPATH": os.pathsep.join([str(_SOURCES), *filter(None, sys.path)]),
                "TMPDIR": str(temporary),
                TF_CONFIG: cluster.to_tf_config(),
            },
            # Ctrl-C is for the supervisor, which ends the workers.
            start_new_session=True,
            text=True,
            errors="replace",
        )
        _logger.info("Worker %d is process %d.", self.worker, self._process.pid)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def read_to_end(self) -> None:
        """Waits for the last line of output of a process that has ended."""
        self._reader.join(timeout=_SECONDS_TO_END)

    def ask_to_stop(self) -> None:
        """Asks the process to save the training and to end."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("stop\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """Ends the process by force."""
        self._process.kill()
        self._process.wait()
        self.read_to_end()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(REPORT_PREFIX):
                self._take(json.loads(line.removeprefix(REPORT_PREFIX)))
            elif line.strip():
                self.last_lines.append(line.rstrip())
                _logger.info("Worker %d: %s", self.worker, line.rstrip())

    def _take(self, report: dict) -> None:
        if "error" in report:
            self.error = report["error"]
        elif self.worker == 0 and "resumption" in report:
            report_resumption(**report["resumption"])
        elif self.worker == 0:
            self.has_begun = True
            report_progress(report["step"], report["total"], **report["metrics"])


def _wait(processes: Sequence[_WorkerProcess]) -> None:
    chief, running, asked = processes[0], list(processes), False
    while running:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        if stop_requested() and not asked:
            if not chief.has_begun:
                raise Interrupted("The training had not begun.")
            asked = True
            for process in processes:
                process.ask_to_stop()
        ended = [process for process in running if process.status is not None]
        failed = [process for process in ended if process.status not in (0, STOPPED)]
        if failed:
            # A worker that lost another one is not the culprit.
            culprit = min(failed, key=lambda process: process.status == LOST_ANOTHER_WORKER)
            culprit.read_to_end()
            raise TrainingError(_explain(culprit, len(processes)))
        running = [process for process in running if process not in ended]
    if chief.status == STOPPED:
        chief.read_to_end()
        raise Interrupted(chief.error or "")


def _explain(process: _WorkerProcess, workers: int) -> str:
    who = f"Worker {process.worker} of {workers} (numbered from 0)"
    if process.error:
        return f"{who}: {process.error}"
    status = process.status or 0
    if status < 0:
        name = signal.Signals(-status).name
        reason = " (often for lack of memory)" if name == "SIGKILL" else ""
        what = f"was ended by {name}{reason}"
    else:
        last = "\n  ".join(process.last_lines)
        what = f"ended with status {status}. Its last output:\n  {last}\n"
    return (
        f"{who} {what}. The other workers were stopped. Rerun the same command to resume from the "
        "last checkpoint; fewer training.workers need less memory."
    )


def free_ports(count: int) -> list[int]:
    """Finds free ports of the loopback interface."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
