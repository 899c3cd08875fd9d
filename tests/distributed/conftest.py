"""An engine on loopback that only a configuration's `beam` section names."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.beam.settings import BeamSettings, EnvironmentSettings
from tests.distributed.processes import free_port, listens, running, wait_until

WORKERS = 2


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BeamSettings]:
    """Beam's portable job service with two worker processes."""
    folder = tmp_path_factory.mktemp("engine")
    with _job_service(folder) as endpoint, _worker_pool(folder / "pool.log") as pool:
        yield BeamSettings(
            runner="portable",
            job_endpoint=endpoint,
            environment=EnvironmentSettings(type="EXTERNAL", address=pool),
            options={"direct_num_workers": WORKERS},
        )


@contextlib.contextmanager
def _job_service(folder: Path) -> Iterator[str]:
    port_file, log = folder / "port", folder / "job_service.log"
    command = [sys.executable, "-m", "tests.distributed.job_service", str(port_file)]
    with running(command, log) as process:
        wait_until(port_file.exists, process, log)
        yield f"localhost:{port_file.read_text()}"


@contextlib.contextmanager
def _worker_pool(log: Path) -> Iterator[str]:
    """Beam's worker pool: starts a process for each worker that an engine asks for."""
    port = free_port()
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main"]
    with running([*command, f"--service_port={port}"], log) as process:
        wait_until(lambda: listens(port), process, log)
        yield f"localhost:{port}"
