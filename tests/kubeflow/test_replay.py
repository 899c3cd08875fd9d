"""The compiled pipeline gives the same numbers in containers as `warmstart run` does locally.

Every task runs as a process with the inputs that open-source Kubeflow hands over. Two launches
cover artifacts with and without types, data on a volume and in an object store, run parameters, a
killed training and a lost push.
"""

from __future__ import annotations

import concurrent.futures
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import FinishedRun, quick_overrides
from tests.kubeflow.conftest import Compile
from tests.kubeflow.launcher import Launcher

pytestmark = pytest.mark.e2e

CHECKPOINTS = "training.checkpoint_every_steps=50"
TRAINER = "pretrain-trainer"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replay")


def plain_launch(root: Path, small_mnist: Path, compile_to: Compile) -> Launcher:
    """Typed artifacts; the source lies on a volume, the target in the image."""
    spec = compile_to(
        *quick_overrides(small_mnist),
        CHECKPOINTS,
        f"kubeflow.volumes=[{{claim: data, mount_path: {small_mnist.parent}}}]",
        f"kubeflow.serving_directory={root}/serving/plain",
    )
    return Launcher(spec, root / "plain", types="full")


def rough_launch(root: Path, small_mnist: Path, compile_to: Compile) -> Launcher:
    """Artifacts without types; every run parameter is changed, and two pods are lost."""
    spec = compile_to(
        *quick_overrides(small_mnist),
        CHECKPOINTS,
        "seed=7",
        "target.shots=1",
        "transfer.learning_rate=0.01",
        "target.path=s3://data/digits/elsewhere",
        f"kubeflow.volumes=[{{claim: data, mount_path: {small_mnist.parent}}}]",
        "kubeflow.state_claim=state",
        f"kubeflow.serving_directory={root}/serving/rough",
    )
    state = root / "state"
    launcher = Launcher(
        spec,
        root / "rough",
        types="empty",
        parameters={
            "seed": 0.0,
            "shots": "10",
            "learning_rate": 3e-4,
            "target_path": "s3://data/digits/optdigits",
        },
        state_volume=state,
        kill={TRAINER: lambda: any(state.glob("*/training_checkpoints/checkpoint"))},
        lose={"pusher"},
    )
    shutil.copytree("data/optdigits", launcher.object_path("s3://data/digits/optdigits"))
    return launcher


@dataclass(frozen=True)
class Runs:
    """The same scenario, run in three ways."""

    local_result: dict[str, Any]
    launchers: dict[str, Launcher]


@pytest.fixture(scope="module")
def runs(root: Path, small_mnist: Path, quick_run: FinishedRun, compile_to: Compile) -> Runs:
    launchers = {
        "plain": plain_launch(root, small_mnist, compile_to),
        "rough": rough_launch(root, small_mnist, compile_to),
    }
    # In parallel: each task is a process and spends most of its time on imports.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for future in [pool.submit(launcher.run) for launcher in launchers.values()]:
            future.result()
    return Runs(quick_run.result, launchers)


@pytest.fixture
def launchers(runs: Runs) -> dict[str, Launcher]:
    return runs.launchers


def read_artifact(launcher: Launcher, task: str, output: str, file: str) -> dict[str, Any]:
    uri = launcher.outputs[task, output].uri
    return json.loads((launcher.object_path(uri) / file).read_text())


@pytest.mark.parametrize("name", ["plain", "rough"])
def test_the_numbers_are_those_of_the_local_run(
    launchers: dict[str, Launcher], runs: Runs, name: str
) -> None:
    local_result = runs.local_result
    evaluation = read_artifact(
        launchers[name], "transfer-evaluator", "evaluation", "evaluation.json"
    )
    for key in ("arms", "comparisons", "source", "verdict", "reasons"):
        assert evaluation[key] == local_result[key], key
    assert evaluation["target"].items() <= local_result["target"].items()


@pytest.mark.parametrize("name", ["plain", "rough"])
def test_the_blessed_model_is_pushed_once(
    launchers: dict[str, Launcher], root: Path, name: str
) -> None:
    (version,) = (root / "serving" / name).iterdir()
    pushed = launchers[name].outputs["pusher", "pushed_model"]
    assert pushed.metadata["pushed"] == 1
    assert pushed.metadata["pushed_version"] == version.name
    archived = launchers[name].object_path(pushed.uri)
    for file in ("saved_model.pb", "variables/variables.index"):
        assert (version / file).read_bytes() == (archived / file).read_bytes()


def test_a_killed_training_resumes_from_its_last_checkpoint(
    launchers: dict[str, Launcher], root: Path
) -> None:
    launcher = launchers["rough"]
    assert launcher.attempts[TRAINER] == 2
    log = launcher.logs[TRAINER].read_text()
    assert "Resuming from 'model_run'" in log
    reported = [int(step) for step in re.findall(r"warmstart\.progress: step (\d+)/200", log)]
    assert 50 < min(reported) <= max(reported) == 200
    assert read_artifact(launcher, TRAINER, "model_run", "training.json")["steps"] == 200
    assert list((root / "state").iterdir()) == []


def test_a_push_whose_pod_was_lost_was_retried(launchers: dict[str, Launcher]) -> None:
    assert launchers["rough"].attempts["pusher"] == 2


def test_no_other_task_was_retried(launchers: dict[str, Launcher]) -> None:
    assert set(launchers["plain"].attempts.values()) == {1}
    assert [name for name, count in launchers["rough"].attempts.items() if count > 1] == [
        TRAINER,
        "pusher",
    ]
