"""Engines on loopback: each is reached by a configuration's `beam` section and nothing else."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.beam.settings import BeamSettings, EnvironmentSettings
from tests.distributed.flink_job_server import JarMissingError, fetch_jar
from tests.distributed.processes import free_port, listens, running, wait_until

WORKERS = 2


@pytest.fixture(scope="session", params=["portable", "flink"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BeamSettings]:
    """Beam's own job service, then Flink's where its jar can be had; two worker processes each."""
    folder = tmp_path_factory.mktemp(request.param)
    server, workers = _ENGINES[request.param]
    with server(folder) as endpoint, _worker_pool(folder / "pool.log") as pool:
        yield BeamSettings(
            runner=request.param,
            job_endpoint=endpoint,
            environment=EnvironmentSettings(type="EXTERNAL", address=pool),
            **workers,
        )


@contextlib.contextmanager
def _portable_job_service(folder: Path) -> Iterator[str]:
    port_file, log = folder / "port", folder / "job_service.log"
    command = [sys.executable, "-m", "tests.distributed.job_service", str(port_file)]
    with running(command, log) as process:
        wait_until(port_file.exists, process, log)
        yield f"localhost:{port_file.read_text()}"


@contextlib.contextmanager
def _flink_job_server(folder: Path) -> Iterator[str]:
    """Flink's job server with the Flink that is embedded in it."""
    try:
        jar = fetch_jar(folder)
    except JarMissingError as reason:
        pytest.skip(f"no Flink here: {reason}")
    port, log = free_port(), folder / "flink.log"
    command = ["java", "-jar", str(jar), "--flink-master=[local]", f"--job-port={port}"]
    command += ["--artifact-port=0", "--expansion-port=0", f"--artifacts-dir={folder / 'staged'}"]
    with running(command, log) as process:
        wait_until(lambda: listens(port), process, log)
        yield f"localhost:{port}"


@contextlib.contextmanager
def _worker_pool(log: Path) -> Iterator[str]:
    """Beam's worker pool: it starts a process for each worker that an engine asks for."""
    port = free_port()
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main"]
    with running([*command, f"--service_port={port}"], log) as process:
        wait_until(lambda: listens(port), process, log)
        yield f"localhost:{port}"


_ENGINES: dict[str, tuple[Any, dict[str, Any]]] = {
    "portable": (_portable_job_service, {"options": {"direct_num_workers": WORKERS}}),
    "flink": (_flink_job_server, {"parallelism": WORKERS}),
}
