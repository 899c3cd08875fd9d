"""Two targets whose network, method and format are plug-ins, in containers.

One target is bad. Kubeflow starts nothing more once it has failed; with better data the next run
goes on from what is finished. A third run finds what the second has pushed.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.kubeflow.compiler import compile_pipeline
from pipelines.targets.scenario import load_scenario
from tests.kubeflow.backend.driver import Driver
from tests.kubeflow.backend.launcher import Launcher, TaskFailedError
from tests.kubeflow.backend.object_store import ObjectStore
from tests.kubeflow.backend.pods import PodServer
from tests.kubeflow.conftest import IMAGE

pytestmark = pytest.mark.e2e

ROOT = "s3://bucket/runs"
DATA = "s3://bucket/data"
# What waits for no other task.
AT_ONCE = {"source-example-gen", "target-example-gen-good", "target-example-gen-bad"}


@dataclass(frozen=True)
class Replays:
    """Three runs of one compiled file on one cluster.

    Attributes:
        failure: How the first run ended.
        first: The run with a bad target.
        second: The run with better data.
        third: The same again, for one target.
        serving: The folder that the runs push to.
    """

    failure: str
    first: Launcher
    second: Launcher
    third: Launcher
    serving: Path


@pytest.fixture(scope="module")
def store(plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    leaky = shutil.copytree(plugins / "thick", tmp_path_factory.mktemp("leaky") / "leaky")
    shutil.copy(leaky / "train.npz", leaky / "eval.npz")
    store = ObjectStore()
    for folder in (plugins / "thin", plugins / "thick", leaky):
        store.upload(folder, f"{DATA}/{folder.name}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def spec(plugins: Path) -> Path:
    """The configuration of docs/plugins.md with two targets in place of its own."""
    tree: dict[str, Any] = yaml.safe_load((plugins / "plugins.yaml").read_text())
    tree["source"]["path"] = f"{DATA}/thin"
    del tree["target"]["name"], tree["target"]["path"]
    tree["targets"] = [
        {"name": "bad", "path": f"{DATA}/leaky"},
        {"name": "good", "path": f"{DATA}/thick"},
    ]
    tree["kubeflow"] = {"serving_directory": str(plugins / "serving")}
    config, output = plugins / "targets.yaml", plugins / "targets.pipeline.yaml"
    config.write_text(yaml.safe_dump(tree))
    compile_pipeline(load_scenario(config), image=IMAGE, pipeline_root=ROOT, output=output)
    return output


@pytest.fixture(scope="module")
def replays(
    plugins: Path, spec: Path, store: ObjectStore, pods: PodServer, tmp_path_factory: Any
) -> Replays:
    disks = tmp_path_factory.mktemp("disks")
    first = Launcher(
        Driver(spec, ROOT, {}),
        store,
        disks / "first",
        pods=pods,
        # What the page's image has in /opt/plugins.
        image_environment={"PYTHONPATH": str(plugins)},
    )
    with pytest.raises(TaskFailedError) as failure:
        first.run()
    second = first.next_run(disks / "second", bad_target_path=f"{DATA}/thick")
    second.run()
    third = second.next_run(disks / "third")
    for task in third.driver.order():
        if not task.endswith("-bad"):
            third.run_task(task)
    return Replays(str(failure.value), first, second, third, plugins / "serving")


def read(launcher: Launcher, task: str, output: str, file: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(launcher.read(task, output, file))
    return content


def test_the_bad_target_fails_with_its_reason(replays: Replays) -> None:
    assert replays.failure.startswith("target-example-gen-bad: exit code 1 in attempt 3")
    assert "is an exact copy of train/" in replays.failure
    log = replays.first.logs["target-example-gen-bad"].read_text()
    assert re.search(r"^Error: .*leaky: 120 problems\.$", log, re.MULTILINE)
    assert "Traceback" not in log


def test_what_started_with_it_ends_and_nothing_starts_after_it(replays: Replays) -> None:
    assert set(replays.first.attempts) == AT_ONCE


def test_better_data_for_one_target_are_read_and_what_has_ended_is_not_done_again(
    replays: Replays,
) -> None:
    assert replays.second.cached == AT_ONCE - {"target-example-gen-bad"}
    importers = {task for task in replays.second.driver.tasks if "importer" in task}
    done = set(replays.second.attempts) | replays.second.cached | importers
    assert done == set(replays.second.driver.tasks)
    assert set(replays.second.attempts.values()) == {1}


@pytest.mark.parametrize("target", ["good", "bad"])
def test_each_target_has_a_gate_and_a_push_of_its_own(replays: Replays, target: str) -> None:
    evaluation = read(
        replays.second, f"transfer-evaluator-{target}", "evaluation", "evaluation.json"
    )
    assert evaluation["target"]["name"] == target
    assert evaluation["verdict"] == "blessed", evaluation["reasons"]
    assert "The worst class" in evaluation["reasons"][-1]
    (version,) = (replays.serving / target).iterdir()
    pushed = replays.second.artifact(f"pusher-{target}", "pushed_model")["metadata"]
    assert (pushed["pushed"], pushed["pushed_version"]) == (1, version.name)


def test_every_task_finds_the_plug_ins_that_it_runs(replays: Replays) -> None:
    classes = json.loads(replays.second.read("source-example-gen", "examples", "classes.json"))
    assert classes == ["0", "1", "2"]
    training = read(replays.second, "warm-start-trainer-good", "model_run", "training.json")
    assert training["transfer"]["method"] == "my_plugins.methods:Smoothed"
    assert "smoothed_cross_entropy" in json.dumps(training)


def test_a_later_run_finds_what_was_pushed_whatever_the_cache_holds(replays: Replays) -> None:
    assert set(replays.third.attempts) == {
        f"{task}-good"
        for task in ("served-model-finder", "transfer-evaluator", "pusher", "transfer-report")
    }
    evaluation = read(replays.third, "transfer-evaluator-good", "evaluation", "evaluation.json")
    (version,) = (replays.serving / "good").iterdir()
    assert evaluation["arms"]["served"]["version"] == int(version.name)
