"""A pool of Beam workers on one host, which a job has in a second instead of a quarter of a minute.

    python -m pipelines.beam.worker_pool --host 10.0.0.2 --port 50000

It speaks the protocol of Beam's own pool (`apache_beam.runners.worker.worker_pool_main`), which
starts a new Python for each worker of each job. There each imports TensorFlow, TFDV and TFT again.
Here a server imports them once, and workers are forked from it. A job whose process has other
versions than the pool is refused.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import socket
import threading
import traceback
from multiprocessing.process import BaseProcess

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.utils import thread_pool_executor

from modules.core.errors import EngineError
from pipelines.beam.versions import own_versions, refuse_other_versions

DEFAULT_PORT = 50000
_STATE_CACHE = 100 * 2**20  # bytes
_PRELOADED = [
    "apache_beam.runners.worker.sdk_worker",
    "tensorflow_data_validation",
    "tensorflow_transform.beam",
    "tfx.components.statistics_gen.executor",
    "tfx.components.transform.executor",
    "components.image_example_gen.executor",
    "components.transfer_evaluator.executor",
]
_logger = logging.getLogger(__name__)


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts a process for each worker that an engine asks for."""

    def __init__(self) -> None:
        # Forking this process would copy the locks of its gRPC threads; that server has none.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)
        self._workers: dict[str, BaseProcess] = {}

    def warm_up(self) -> None:
        """Starts the server that workers are forked from; it then imports what they need."""
        process = self._context.Process(target=int)
        process.start()
        process.join()

    def StartWorker(
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: object
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Starts a worker, unless the job's process has other versions."""
        try:
            place = f"worker pool on {socket.gethostname()}"
            refuse_other_versions(place, own_versions(), dict(request.params))
            worker = self._context.Process(
                target=_work, args=[request.control_endpoint.url, request.worker_id], daemon=True
            )
            worker.start()
        except Exception:
            return beam_fn_api_pb2.StartWorkerResponse(error=traceback.format_exc())
        self._workers[request.worker_id] = worker
        _logger.info("Worker %s works for %s.", request.worker_id, request.control_endpoint.url)
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: object
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """Stops a worker, if it has not ended by itself."""
        if worker := self._workers.pop(request.worker_id, None):
            worker.terminate()
        return beam_fn_api_pb2.StopWorkerResponse()


def _work(control_address: str, worker_id: str) -> None:
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    # Side inputs stay with the worker, as in Beam's own containers.
    SdkHarness(control_address, worker_id=worker_id, state_cache_size=_STATE_CACHE).run()


def serve(host: str, port: int) -> grpc.Server:
    """Starts a pool; the returned server runs until it is stopped.

    Args:
        host: An address of this host. All who reach it can run code here.
        port: Where to listen.

    Raises:
        EngineError: The address is not this host's, or the port is taken.
    """
    pool = WorkerPool()
    threading.Thread(target=pool.warm_up, daemon=True).start()
    server = grpc.server(
        thread_pool_executor.shared_unbounded_instance(), options=[("grpc.so_reuseport", 0)]
    )
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    try:
        bound = server.add_insecure_port(f"{host}:{port}")
    except RuntimeError:
        bound = 0
    if not bound:
        raise EngineError(
            f"{host}:{port}: expected an address of this host with a free port, found none. Pass "
            "--host and --port."
        )
    server.start()
    return server


def main() -> None:
    """Serves until the process ends."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.beam.worker_pool", description="A pool of Beam workers."
    )
    parser.add_argument(
        "--host", default="localhost", help="address to listen on; all who reach it run code here"
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        _server = serve(arguments.host, arguments.port)
    except EngineError as error:
        parser.exit(1, f"Error: {error}\n")
    _logger.info("Worker pool on %s:%d: %s.", arguments.host, arguments.port, own_versions())
    threading.Event().wait()


if __name__ == "__main__":
    main()
