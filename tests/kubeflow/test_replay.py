"""The compiled pipeline gives the same numbers in containers as `warmstart run` does locally.

Every task runs with the inputs that open-source Kubeflow hands over, and its artifacts travel
through an S3 server. Both domains lie in the object store, every run parameter is changed, a
training is killed and a push is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import load_config
from tests.e2e.conftest import FinishedRun, quick_overrides
from tests.kubeflow.backend.driver import Driver
from tests.kubeflow.backend.launcher import Launcher
from tests.kubeflow.backend.object_store import ObjectStore
from tests.kubeflow.backend.pods import PodServer
from tests.kubeflow.conftest import Compile

pytestmark = pytest.mark.e2e

# The compiled default is another root: a run says where its artifacts go.
ROOT = "s3://bucket/runs"
TRAINER = "pretrain-trainer"
WARM_START = "warm-start-trainer"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replay")


@pytest.fixture(scope="module")
def store(small_mnist: Path) -> Iterator[ObjectStore]:
    store = ObjectStore()
    store.upload(small_mnist, "s3://bucket/data/mnist")
    store.upload(Path("data/optdigits"), "s3://bucket/data/optdigits")
    yield store
    store.close()


@pytest.fixture(scope="module")
def launcher(
    root: Path, store: ObjectStore, small_mnist: Path, compile_to: Compile, pods: PodServer
) -> Launcher:
    """All tasks have run."""
    spec = compile_to(
        *quick_overrides(small_mnist),
        "training.checkpoint_every_steps=50",
        "seed=7",
        "target.shots=1",
        "transfer.learning_rate=0.01",
        "transfer.start=served",
        "source.path=s3://bucket/data/mnist",
        "target.path=s3://bucket/data/elsewhere",
        "kubeflow.state_claim=state",
        f"kubeflow.serving_directory={root}/serving",
    )
    parameters = {
        "seed": 0,
        "shots": "10",
        "learning_rate": load_config("configs/mnist_to_optdigits.yaml").transfer.learning_rate,
        "target_path": "s3://bucket/data/optdigits",
    }
    state = root / "state"
    launcher = Launcher(
        Driver(spec, ROOT, parameters),
        store,
        root / "disks",
        volumes={"state": state},
        hours={TRAINER: 3},
        kill={TRAINER: lambda: any(state.glob("*/training_checkpoints/checkpoint"))},
        lose={"pusher"},
        processes={"image-schema-gen"},
        pods=pods,
    )
    launcher.run()
    return launcher


def read_json(launcher: Launcher, task: str, output: str, file: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(launcher.read(task, output, file))
    return content


def test_the_numbers_are_those_of_the_local_run(launcher: Launcher, quick_run: FinishedRun) -> None:
    local_result = quick_run.result
    evaluation = read_json(launcher, "transfer-evaluator", "evaluation", "evaluation.json")
    for key in ("arms", "comparisons", "source", "verdict", "reasons"):
        assert evaluation[key] == local_result[key], key
    assert evaluation["target"].items() <= local_result["target"].items()


def test_the_blessed_model_is_pushed_once(launcher: Launcher, root: Path) -> None:
    (version,) = (root / "serving").iterdir()
    pushed = launcher.artifact("pusher", "pushed_model")["metadata"]
    assert (pushed["pushed"], pushed["pushed_version"]) == (1, version.name)
    for file in ("saved_model.pb", "variables/variables.index"):
        assert (version / file).read_bytes() == launcher.read("pusher", "pushed_model", file)


def test_a_training_that_is_killed_after_hours_resumes_from_its_last_checkpoint(
    launcher: Launcher, root: Path
) -> None:
    assert launcher.attempts[TRAINER] == 2
    log = launcher.logs[TRAINER].read_text()
    assert "Resuming from 'model_run'" in log
    reported = [int(step) for step in re.findall(r"warmstart\.progress: step (\d+)/200", log)]
    assert 50 < min(reported) <= max(reported) == 200
    assert read_json(launcher, TRAINER, "model_run", "training.json")["steps"] == 200
    assert list((root / "state").iterdir()) == []


def test_a_push_whose_pod_was_lost_was_retried_and_no_other_task(launcher: Launcher) -> None:
    again = {name for name, count in launcher.attempts.items() if count > 1}
    assert again == {TRAINER, "pusher"}


def test_every_task_of_the_file_has_run(launcher: Launcher) -> None:
    importers = {"source-data-importer", "target-data-importer"}
    assert set(launcher.attempts) | importers == set(launcher.driver.tasks)


def test_the_next_run_starts_from_the_model_that_this_one_has_pushed(
    launcher: Launcher, root: Path
) -> None:
    first = read_json(launcher, WARM_START, "model_run", "training.json")["transfer"]["start"]
    assert (first["used"], first["reason"]) == ("pretrained", "nothing is served yet")
    following = launcher.next_run(root / "following", shots="5")
    for task in following.driver.order_up_to(WARM_START):
        following.run_task(task)
    (version,) = (root / "serving").iterdir()
    start = read_json(following, WARM_START, "model_run", "training.json")["transfer"]["start"]
    assert (start["used"], start["version"]) == ("served", int(version.name)), start["reason"]
    assert TRAINER in following.cached
