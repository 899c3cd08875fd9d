"""Workers on several hosts: their versions, and what happens when a host is taken away."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from tfx.orchestration.pipeline import Pipeline

from components.image_example_gen.component import ImageExampleGen
from modules.core.errors import EngineError
from pipelines.beam.engine_check import check_engine, worker_versions
from pipelines.beam.options import beam_pipeline_args
from pipelines.beam.settings import BeamSettings
from pipelines.beam.versions import own_versions
from pipelines.running.artifacts import metadata_in
from pipelines.running.dag_runner import run_pipeline
from pipelines.running.display import RunDisplay
from tests.distributed.conftest import Cluster, job_service, portable, worker_pool
from tests.distributed.data_run import write_domain
from tests.distributed.hosts import why_no_hosts
from tests.distributed.processes import ROOT

pytestmark = pytest.mark.e2e


@pytest.fixture
def three_hosts(cluster: Cluster) -> Cluster:
    if not cluster.hosts:
        pytest.skip(f"no network namespaces: {why_no_hosts()}")
    return cluster


def test_the_engine_holds_what_the_pipeline_needs(cluster: Cluster, tmp_path: Path) -> None:
    answers = list(check_engine(cluster.settings, str(tmp_path / "run")))
    assert [answer for answer in answers if answer.problem] == []
    assert len(answers) > 15
    assert list(tmp_path.iterdir()) == []


def test_a_lost_host_is_named_and_the_same_run_then_goes_on(
    three_hosts: Cluster, tmp_path: Path
) -> None:
    domain = write_domain(tmp_path / "domain")
    for path in domain.glob("train-*"):
        path.write_bytes(path.read_bytes() * 100)
    lost = three_hosts.hosts[1]
    ingest = _ingestion(three_hosts.settings, domain, tmp_path)
    unplugged = threading.Thread(target=_once, args=[lambda: _shards(tmp_path), lost.unplug])
    unplugged.start()
    try:
        with pytest.raises(EngineError) as caught:
            ingest()
    finally:
        unplugged.join()
        lost.plug_in()
    assert re.search(
        rf"of worker pool {re.escape(three_hosts.pools[0])} was lost: .*"
        "run the same command again: finished components are kept",
        str(caught.value),
    )
    assert "\n" not in str(caught.value)
    assert ingest() == [False]
    assert ingest() == [True]


def test_a_worker_with_another_version_of_the_project_is_refused(tmp_path: Path) -> None:
    other = _copy_of_the_project(tmp_path / "other")
    with (other / "modules" / "preprocessing.py").open("a") as file:
        file.write("# another version\n")
    message = _refusal_of_workers_from(other, tmp_path)
    assert re.search(r"project is \w{16} there and \w{16} here", message)
    assert own_versions()["project"] in message


def test_a_worker_with_another_beam_is_refused_with_both_versions(tmp_path: Path) -> None:
    other = _copy_of_the_project(tmp_path / "other")
    # First on the workers' path, so this is the Beam that they have as far as Python knows.
    metadata = other / "apache_beam-2.50.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: apache-beam\nVersion: 2.50.0\n")
    found = own_versions()["apache-beam"]
    message = _refusal_of_workers_from(other, tmp_path)
    assert f"apache-beam is 2.50.0 there and {found} here" in message


def test_a_pool_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        job_service(tmp_path, None, ["localhost:1"]) as endpoint,
        pytest.raises(EngineError, match="worker pool localhost:1: expected an answer, found none"),
    ):
        worker_versions(portable(endpoint, "localhost:1"), str(tmp_path))


def _copy_of_the_project(folder: Path) -> Path:
    for package in ("components", "modules", "pipelines"):
        shutil.copytree(ROOT / package, folder / package)
    return folder


def _refusal_of_workers_from(code: Path, folder: Path) -> str:
    """What the engine check says of a pool that runs other code."""
    with (
        worker_pool(folder, code=code) as pool,
        job_service(folder, None, [pool]) as endpoint,
        pytest.raises(EngineError) as caught,
    ):
        worker_versions(portable(endpoint, pool), str(folder))
    return str(caught.value)


def _ingestion(settings: BeamSettings, domain: Path, folder: Path) -> Callable[[], list[bool]]:
    """Runs ImageExampleGen as `warmstart run` does; returns what came from the cache."""

    def run() -> list[bool]:
        pipeline = Pipeline(
            pipeline_name="ingest",
            pipeline_root=str(folder / "artifacts"),
            metadata_connection_config=metadata_in(folder),
            components=[
                ImageExampleGen(
                    input_base=str(domain),
                    format="tfrecord",
                    domain="digits",
                    source_fingerprint="1",
                )
            ],
            enable_cache=True,
            beam_pipeline_args=beam_pipeline_args(settings),
        )
        done = run_pipeline(pipeline, folder, RunDisplay(Console(quiet=True)))
        return [component.cached for component in done]

    return run


def _shards(folder: Path) -> list[Path]:
    """Shards that workers write at this moment, if there are two."""
    found = list(folder.glob("artifacts/ImageExampleGen/examples/*/.partial/attempt-*"))
    return found if len(found) == 2 else []


def _once(condition: Callable[[], object], act: Callable[[], None]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    act()
