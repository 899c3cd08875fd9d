"""A scenario with new classes runs in containers too, each task with what Kubeflow hands over."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubeflow.backend.driver import Driver
from tests.kubeflow.backend.launcher import Launcher
from tests.kubeflow.backend.object_store import ObjectStore
from tests.kubeflow.backend.pods import PodServer
from tests.kubeflow.conftest import Compile

pytestmark = pytest.mark.e2e

ROOT = "s3://bucket/runs"
QUICK = ("pretraining.steps=20", "transfer.steps=10", "training.precision=float32")


@pytest.fixture
def store(small_mnist: Path) -> Iterator[ObjectStore]:
    store = ObjectStore()
    for name in ("alphabets", "latin"):
        store.upload(Path("data", name), f"s3://bucket/data/{name}")
    store.upload(small_mnist, "s3://bucket/data/mnist")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("config", "target", "classes", "method"),
    [
        ("letters_to_mnist", "mnist", string.digits, "label_propagation"),
        ("alphabets_to_latin", "latin", string.ascii_lowercase, "joint"),
    ],
)
def test_every_task_runs_and_the_models_answer_the_new_classes(
    config: str,
    target: str,
    classes: str,
    method: str,
    store: ObjectStore,
    compile_to: Compile,
    pods: PodServer,
    tmp_path: Path,
) -> None:
    spec = compile_to(
        *QUICK,
        "source.path=s3://bucket/data/alphabets",
        f"target.path=s3://bucket/data/{target}",
        config=f"configs/{config}.yaml",
    )
    launcher = Launcher(Driver(spec, ROOT, {}), store, tmp_path, pods=pods)
    launcher.run()

    def read(task: str, output: str, file: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(launcher.read(task, output, file))
        return content

    importers = {"source-data-importer", "target-data-importer"}
    assert set(launcher.attempts) | importers == set(launcher.driver.tasks)
    evaluation = read("transfer-evaluator", "evaluation", "evaluation.json")
    assert evaluation["target"]["classes"] == list(classes)
    assert evaluation["arms"]["pretrained"]["kind"] == "probe"
    assert evaluation["arms"]["warm_start"]["accuracy"] > 0.2
    training = read("warm-start-trainer", "model_run", "training.json")
    assert training["transfer"]["method"] == method
    pushed = launcher.artifact("pusher", "pushed_model")["metadata"]["pushed"]
    assert bool(pushed) == (evaluation["verdict"] == "blessed")
