"""Engines that only a configuration's `beam` section names."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.beam.settings import BeamSettings, EnvironmentSettings
from tests.distributed.hosts import Host, three_hosts, why_no_hosts
from tests.distributed.prism import prism_binary, why_no_prism
from tests.distributed.processes import free_port, listens, running, wait_until

WORKERS = 2


@dataclass(frozen=True)
class Cluster:
    """A job service and two workers.

    Attributes:
        settings: The `beam` section that leads there.
        pools: host:port of the worker pools.
        hosts: One for the service and one for each pool, or none where all is on loopback.
    """

    settings: BeamSettings
    pools: Sequence[str]
    hosts: Sequence[Host]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The project's job service: on three hosts where this machine can have them."""
    folder = tmp_path_factory.mktemp("engine")
    with contextlib.ExitStack() as stack:
        hosts = [] if why_no_hosts() else stack.enter_context(three_hosts())
        if hosts:
            service, *workers = hosts
            pools = [stack.enter_context(worker_pool(folder, host)) for host in workers]
        else:
            service = None
            pools = [stack.enter_context(worker_pool(folder))] * WORKERS
        endpoint = stack.enter_context(job_service(folder, service, pools))
        yield Cluster(portable(endpoint, pools[0]), pools, hosts)


@pytest.fixture(scope="session")
def engine(cluster: Cluster) -> BeamSettings:
    """The `beam` section of the project's job service with two workers."""
    return cluster.settings


@pytest.fixture(scope="session")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BeamSettings]:
    """Prism, Beam's portable runner in Go, with a pool of the project's workers."""
    if reason := why_no_prism():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("prism")
    port, log = free_port(), folder / "prism.log"
    command = [str(prism_binary()), f"-job_port={port}", "-serve_http=false"]
    with worker_pool(folder) as pool, running(command, log) as process:
        wait_until(lambda: listens(port), process, log)
        yield portable(f"localhost:{port}", pool)


def portable(endpoint: str, pool: str) -> BeamSettings:
    return BeamSettings(
        runner="portable",
        job_endpoint=endpoint,
        environment=EnvironmentSettings(type="EXTERNAL", address=pool),
        shared_storage=True,
        options={"direct_num_workers": WORKERS},
    )


@contextlib.contextmanager
def job_service(folder: Path, host: Host | None, pools: Sequence[str]) -> Iterator[str]:
    options = [part for pool in pools for part in ("--pool", pool)]
    with _serving("job_service", folder, host, *options) as endpoint:
        yield endpoint


@contextlib.contextmanager
def worker_pool(folder: Path, host: Host | None = None, code: Path | None = None) -> Iterator[str]:
    """A pool of workers: forks one for each that an engine asks for.

    Args:
        folder: For its log.
        host: Where it runs; on this machine by default.
        code: The project's folder, for another version of it.

    Yields:
        Its host:port.
    """
    with _serving("worker_pool", folder, host, code=code) as address:
        yield address


@contextlib.contextmanager
def _serving(
    module: str, folder: Path, host: Host | None, *options: str, code: Path | None = None
) -> Iterator[str]:
    port = free_port()
    address = host.address if host else "localhost"
    command = [sys.executable, "-m", f"pipelines.beam.{module}", *options]
    command += ["--host", address, "--port", str(port)]
    log = folder / f"{module}-{address}-{port}.log"
    with running(host.command(*command) if host else command, log, code=code) as process:
        wait_until(lambda: listens(port, address), process, log)
        yield f"{address}:{port}"


@pytest.fixture
def ctrl_c_not_ignored() -> Iterator[None]:
    """A shell starts its background jobs with SIGINT ignored, and so it would stay."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)
