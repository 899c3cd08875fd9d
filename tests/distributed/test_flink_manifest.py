"""kubeflow/manifests/flink.yaml agrees with itself, the lock and Beam; it has not been run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from apache_beam.options.pipeline_options import FlinkRunnerOptions

from pipelines.beam.settings import BeamSettings
from pipelines.config import load_config

MANIFEST = Path("kubeflow/manifests/flink.yaml")


def item(kind: str, name: str) -> dict[str, Any]:
    found = yaml.safe_load_all(MANIFEST.read_text())
    (only,) = (each for each in found if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return dict(only)


@pytest.fixture
def beam(tmp_path: Path) -> BeamSettings:
    """The `beam` section of the configuration that the run gets."""
    path = tmp_path / "digits.yaml"
    path.write_text(item("ConfigMap", "warmstart-digits")["data"]["digits.yaml"])
    return load_config(path).beam


def containers(pod: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {container["name"]: container for container in pod["spec"]["containers"]}


def task_manager() -> dict[str, dict[str, Any]]:
    flink = item("FlinkDeployment", "warmstart-flink")["spec"]["taskManager"]
    return containers(flink["podTemplate"])


def job_server() -> dict[str, Any]:
    return containers(item("Deployment", "beam-job-server")["spec"]["template"])["job-server"]


def test_the_run_finds_the_job_server_and_each_task_manager_its_pool(beam: BeamSettings) -> None:
    service = item("Service", "beam-job-server")
    ports = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    assert beam.job_endpoint == f"beam-job-server:{ports['jobs']}"
    assert f"--job-port={ports['jobs']}" in job_server()["args"]
    assert f"--artifact-port={ports['artifacts']}" in job_server()["args"]
    pool = task_manager()["worker-pool"]
    assert beam.environment
    assert beam.environment.address == f"localhost:{pool['args'][-1]}"
    # The operator names a cluster's REST service after it.
    assert "--flink-master=warmstart-flink-rest:8081" in job_server()["args"]


def test_there_is_a_slot_for_each_part_of_a_job(beam: BeamSettings) -> None:
    flink = item("FlinkDeployment", "warmstart-flink")["spec"]
    slots = int(flink["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert beam.parallelism == slots * flink["taskManager"]["replicas"]


def test_versions_are_those_of_the_lock_and_known_to_beam() -> None:
    flink = item("FlinkDeployment", "warmstart-flink")["spec"]
    image = re.fullmatch(r"apache/beam_flink([\d.]+)_job_server:([\d.]+)", job_server()["image"])
    assert image
    version, beam_version = image.groups()
    assert flink["flinkVersion"] == f"v{version.replace('.', '_')}"
    assert flink["image"].startswith(f"flink:{version}-")
    assert version in FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    # The image has the newer stack.
    assert f"apache-beam=={beam_version} ; python_full_version >= '3.11'" in Path(
        "requirements.txt"
    ).read_text(encoding="utf-8")


def test_all_that_read_or_write_the_run_mount_its_volume() -> None:
    job = containers(item("Job", "warmstart-digits")["spec"]["template"])
    for container in (*task_manager().values(), job_server(), job["run"]):
        assert {"name": "runs", "mountPath": "/runs"} in container["volumeMounts"]
