"""Beam's own job service, with workers on several hosts.

    python -m pipelines.beam.job_service --host 10.0.0.1 --port 8099 \
        --pool 10.0.0.2:50000 --pool 10.0.0.3:50000

Beam's `local_job_service_main` gives each job one worker and waits forever for one that is lost.
This one spreads a job's workers over pools (`pipelines.beam.worker_pool`), as many as the job's
`direct_num_workers` asks for, and ends a job whose worker is lost with a message that names it. It
keeps a job's data in its own memory and retries nothing: an engine such as Flink does more.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from apache_beam.options.pipeline_options import DirectOptions
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_fn_api_pb2, beam_runner_api_pb2
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import fn_runner, worker_handlers
from apache_beam.runners.runner import PipelineResult

from modules.core.errors import EngineError

DEFAULT_PORT = 8099
_WATCH_SECONDS = 2.0
_MISSED_ANSWERS = 3  # in a row, until a pool counts as lost
_logger = logging.getLogger(__name__)


class JobService(local_job_service.LocalJobServicer):
    """The service. It also keeps the names by which workers reach it, and the pools.

    Args:
        host: This host's name or address, as clients and workers reach it.
        pools: host:port of worker pools; by default the job's `environment.address`.
    """

    def __init__(self, host: str, pools: Sequence[str] = ()) -> None:
        super().__init__(beam_job_type=_job_type(max(1, len(pools))))
        self._host = host
        _serve_external_workers(host, pools)

    def get_bind_address(self) -> str:
        """The address under which clients and workers reach this host, and no other."""
        return self._host

    def get_service_address(self) -> str:
        """The name under which clients stage their files."""
        return self._host


def _job_type(fewest_workers: int) -> type[local_job_service.BeamJob]:
    class Job(local_job_service.BeamJob):
        def _invoke_runner(self) -> PipelineResult:
            options = self.pipeline_options()
            runner = fn_runner.FnApiRunner(provision_info=self._provision_info)
            asked = int(options.view_as(DirectOptions).direct_num_workers or 1)
            runner._num_workers = max(asked, fewest_workers)
            return runner.run_via_runner_api(self._pipeline_proto, options)

    return Job


def _serve_external_workers(host: str, pools: Sequence[str]) -> None:
    next_pool = itertools.cycle(pools) if pools else None

    class Worker(_WatchedWorker):
        def __init__(self, payload: beam_runner_api_pb2.ExternalPayload, *parts: Any) -> None:
            if next_pool:
                params, payload = payload.params, beam_runner_api_pb2.ExternalPayload()
                payload.endpoint.url = next(next_pool)
                for name, value in params.items():
                    payload.params[name] = value
            super().__init__(payload, *parts)

        def host_from_worker(self) -> str:
            return host

    # The registry's last entry of a kind counts.
    worker_handlers.WorkerHandler.register_environment(
        common_urns.environments.EXTERNAL.urn, beam_runner_api_pb2.ExternalPayload
    )(Worker)


class _WatchedWorker(worker_handlers.ExternalWorkerHandler):
    """A worker of a pool. Beam itself would wait forever for the answers of one that is lost."""

    def __init__(self, payload: beam_runner_api_pb2.ExternalPayload, *parts: Any) -> None:
        super().__init__(payload, *parts)
        self._pool: str = payload.endpoint.url
        self._closed = threading.Event()
        self.control_conn._read_thread = threading.Thread(target=self._read, daemon=True)

    def start_worker(self) -> None:
        if not _answers(self._pool):
            raise EngineError(
                f"worker pool {self._pool}: expected an answer, found none. Start it, or correct "
                "the address."
            )
        super().start_worker()
        threading.Thread(target=self._watch_pool, daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        super().close()

    def _read(self) -> None:
        try:
            for answer in self.control_conn._input:
                self.control_conn._futures_by_id.pop(answer.instruction_id).set(answer)
            reason = "it ended"
        except Exception as error:
            _logger.info("Worker %s: %s", self.worker_id, error)
            reason = "its connection broke"
        self._fail_until_closed(reason)

    def _watch_pool(self) -> None:
        missed = 0
        while not self._closed.wait(_WATCH_SECONDS):
            missed = 0 if _answers(self._pool) else missed + 1
            if missed == _MISSED_ANSWERS:
                self._fail_until_closed("its pool does not answer any more")

    def _fail_until_closed(self, reason: str) -> None:
        """Answers all instructions with an error, also those that the job still gives."""
        error = (
            f"{EngineError.__module__}.{EngineError.__name__}: {self.worker_id} of worker pool "
            f"{self._pool} was lost: {reason}. See to that host, and run the same command again: "
            "finished components are kept."
        )
        while not self._closed.wait(0.2):
            for future in list(self.control_conn._futures_by_id.values()):
                if not future.is_done():
                    future.set(
                        beam_fn_api_pb2.InstructionResponse(
                            instruction_id=future.instruction_id, error=error
                        )
                    )


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_WATCH_SECONDS):
            return True
    except OSError:
        return False


def _addresses(values: Sequence[str]) -> Iterator[str]:
    for value in values:
        if not value.rpartition(":")[2].isdecimal():
            raise SystemExit(f"--pool {value}: expected host:port.")
        yield value


def main() -> None:
    """Serves until the process ends."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.beam.job_service",
        description="Beam's job service, with workers on several hosts.",
    )
    parser.add_argument("--host", default="localhost", help="this host, as workers reach it")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--pool", action="append", default=[], help="host:port of a worker pool")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    service = JobService(arguments.host, list(_addresses(arguments.pool)))
    port = service.start_grpc_server(arguments.port)
    _logger.info("Job service on port %d, pools: %s.", port, arguments.pool or "the job's own")
    threading.Event().wait()


if __name__ == "__main__":
    main()
