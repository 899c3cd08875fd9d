"""kubeflow/manifests/training-workers.yaml runs what the workers' entrypoint accepts."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from modules.training.cluster import WorkerCluster, workers_to_train
from modules.training.jobs import PretrainingJob, read_job
from modules.training.processes import LOST_ANOTHER_WORKER
from modules.training_worker import parse_arguments
from tests.kubeflow.training_manifest import (
    manifest_object,
    operator_tf_config,
    worker_container,
    worker_spec,
)


def job(folder: Path) -> PretrainingJob:
    path = folder / "job.json"
    path.write_text(manifest_object("ConfigMap")["data"]["job.json"])
    read = read_job(path)
    assert isinstance(read, PretrainingJob)
    return read


def mounts() -> dict[str, str]:
    """The container's mount paths, by volume."""
    return {mount["name"]: mount["mountPath"] for mount in worker_container()["volumeMounts"]}


def test_the_container_runs_the_workers_entrypoint_on_the_job_of_the_config_map() -> None:
    container = worker_container()
    assert container["name"] == "tensorflow"
    python, option, module = container["command"]
    assert (python, option) == ("python", "-m")
    assert find_spec(module) is not None
    options = parse_arguments(container["args"])
    assert not options.supervised
    mounted = PurePosixPath(mounts()["job"])
    assert {str(mounted / key) for key in manifest_object("ConfigMap")["data"]} == {
        str(options.job)
    }


def test_the_image_is_the_runbooks() -> None:
    assert worker_container()["image"] in Path("kubeflow/README.md").read_text()


def test_there_are_as_many_replicas_as_the_job_asks_for(tmp_path: Path) -> None:
    replicas = worker_spec()["replicas"]
    addresses = [f"warmstart-training-worker-{index}.ns.svc:2222" for index in range(replicas)]
    for worker in range(replicas):
        text = operator_tf_config(addresses, worker)
        cluster = WorkerCluster.read({"TF_CONFIG": text})
        assert cluster == WorkerCluster(tuple(addresses), worker)
        assert workers_to_train(job(tmp_path).plan.training.workers, cluster) == replicas
    assert job(tmp_path).plan.pretraining.batch_size % replicas == 0


def test_everything_that_the_job_reads_and_writes_is_on_the_shared_volume(tmp_path: Path) -> None:
    told = job(tmp_path)
    for path in (told.examples, told.transform_graph, told.model, told.model_run):
        assert PurePosixPath(mounts()["runs"]) in PurePosixPath(path).parents
    claim = manifest_object("PersistentVolumeClaim")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    volumes = {volume["name"]: volume for volume in worker_spec()["template"]["spec"]["volumes"]}
    assert volumes["runs"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert volumes["job"]["configMap"]["name"] == manifest_object("ConfigMap")["metadata"]["name"]
    assert set(volumes) == set(mounts())


def test_a_lost_worker_is_started_again_and_a_wrong_job_is_not() -> None:
    assert worker_spec()["restartPolicy"] == "ExitCode"
    assert 128 <= LOST_ANOTHER_WORKER <= 255
