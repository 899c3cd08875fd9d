"""Who trains together: TF_CONFIG and training.workers, and what they must not say."""

from __future__ import annotations

import json

import pytest

from modules.core.errors import ConfigError
from modules.settings import TrainingSettings
from modules.settings.plans import PretrainingPlan
from modules.training.cluster import WorkerCluster, workers_to_train
from modules.training.jobs import PretrainingJob
from modules.training.processes import train_job

TWO = {"worker": ["a:1", "b:2"]}


def tf_config(cluster: object, role: str = "worker", index: int = 0) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": role, "index": index}})}


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": ""}])
def test_without_tf_config_there_is_no_cluster(environment: dict[str, str]) -> None:
    assert WorkerCluster.read(environment) is None


def test_workers_are_numbered_in_the_order_of_the_cluster() -> None:
    assert WorkerCluster.read(tf_config(TWO, index=1)) == WorkerCluster(("a:1", "b:2"), 1)


def test_a_chief_comes_before_the_workers() -> None:
    cluster = {"chief": ["c:0"], **TWO}
    expected = ("c:0", "a:1", "b:2")
    assert WorkerCluster.read(tf_config(cluster, "chief")) == WorkerCluster(expected, 0)
    assert WorkerCluster.read(tf_config(cluster, index=1)) == WorkerCluster(expected, 2)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"TF_CONFIG": "{"}, "expected"),
        ({"TF_CONFIG": "[]"}, "expected"),
        ({"TF_CONFIG": '{"cluster": {}}'}, "expected"),
        (tf_config({"ps": ["p:1"], **TWO}), "found ps"),
        (tf_config(TWO, "evaluator"), "found evaluator"),
        (tf_config(TWO, index=2), "worker 2 of 2"),
        (tf_config({"chief": ["c:0", "d:0"]}, "chief"), "at most one chief"),
    ],
)
def test_what_is_no_synchronous_cluster_is_refused(
    environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        WorkerCluster.read(environment)


def test_a_cluster_of_this_host_is_what_its_workers_read() -> None:
    cluster = WorkerCluster(("127.0.0.1:1234", "127.0.0.1:5678"), 1)
    assert WorkerCluster.read({"TF_CONFIG": cluster.to_tf_config()}) == cluster


@pytest.mark.parametrize(
    ("setting", "cluster", "workers"),
    [
        (None, None, 1),
        (3, None, 3),
        (None, WorkerCluster(("a:1", "b:2"), 0), 2),
        (2, WorkerCluster(("a:1", "b:2"), 0), 2),
    ],
)
def test_the_number_of_workers_comes_from_either(
    setting: int | None, cluster: WorkerCluster | None, workers: int
) -> None:
    assert workers_to_train(setting, cluster) == workers


def test_different_numbers_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"training\.workers is 3.*names 2 workers \(a:1, b:2\)"):
        workers_to_train(3, WorkerCluster(("a:1", "b:2"), 0))


def test_a_pipeline_that_is_itself_one_of_several_workers_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_CONFIG", tf_config(TWO)["TF_CONFIG"])
    plan = PretrainingPlan(training=TrainingSettings(workers=2))
    job = PretrainingJob(plan=plan, examples="", transform_graph="", model="", model_run="")
    with pytest.raises(ConfigError, match=r"starts its own.*modules\.training_worker"):
        train_job(job, lambda *_: None)
