"""A compiled pipeline finds new spans when it runs, and reads each of them once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data.write_spans import write_spans
from tests.kubeflow.backend.driver import Driver
from tests.kubeflow.backend.launcher import Launcher
from tests.kubeflow.backend.object_store import ObjectStore
from tests.kubeflow.backend.pods import PodServer
from tests.kubeflow.conftest import Compile

pytestmark = pytest.mark.e2e

TASK = "target-example-gen"


def run(launcher: Launcher) -> tuple[str, str, str]:
    """Reads the target. Returns the spans that were found, are trained on, and were read."""
    launcher.run_task(TASK)
    told = launcher.artifact(TASK, "examples")["metadata"]
    return told["spans"], told["trained_spans"], told["ingested_spans"]


def test_a_second_run_reads_the_span_that_is_new(
    compile_to: Compile, pods: PodServer, tmp_path: Path
) -> None:
    arrivals = write_spans(Path("data/optdigits"), tmp_path / "later", 2)
    site = tmp_path / "site"
    site.mkdir()
    spec = compile_to(
        "target.path=/warmstart-data/span-{SPAN}",
        "kubeflow.state_claim=state",
        "kubeflow.volumes=[{claim: site, mount_path: /warmstart-data}]",
    )
    store = ObjectStore()
    try:
        shutil.move(arrivals[0], site)
        first = Launcher(
            Driver(spec, "s3://bucket/runs", {}),
            store,
            tmp_path / "first",
            volumes={"site": site, "state": tmp_path / "state"},
            pods=pods,
        )
        assert run(first) == ("1", "1", "1")
        shutil.move(arrivals[1], site)
        second = first.next_run(tmp_path / "second")
        assert run(second) == ("1,2", "2", "2")
        third = second.next_run(tmp_path / "third")
        assert run(third) == ("1,2", "2", "")
        assert not third.cached
    finally:
        store.close()
