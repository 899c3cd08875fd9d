"""Several targets compile to one pipeline, whose branches depend on the trunk alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.kubeflow.compiler import compile_pipeline
from pipelines.kubeflow.tasks import kubernetes_name
from pipelines.targets.scenario import load_scenario
from tests.kubeflow.compilation.documents import container, option, spec_of
from tests.kubeflow.conftest import CONFIG, IMAGE

TRUNK = {
    "source-example-gen",
    "source-statistics-gen",
    "image-schema-gen",
    "source-validator",
    "transform",
    "pretrain-trainer",
}
LONG = "a_site_with_a_name_that_is_longer_than_kubernetes_lets_a_name_be"[:60]
TARGETS = ("site_a", LONG)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("targets")
    tree: dict[str, Any] = yaml.safe_load(Path(CONFIG).read_text(encoding="utf-8"))
    tree |= {
        "target": {"shots": 5},
        "targets": [
            {"name": "site_a", "path": "s3://bucket/a", "shots": 1},
            {"name": LONG, "path": "data/optdigits"},
        ],
        "kubeflow": {
            "component_resources": {
                "WarmStartTrainer-site_a": {"cpu_request": 8.0},
                "WarmStartTrainer": {"cpu_request": 4.0},
            },
            "volumes": [{"claim": "c", "mount_path": "/data", "components": ["Pusher"]}],
        },
    }
    config = folder / "sites.yaml"
    config.write_text(yaml.safe_dump(tree))
    output = folder / "p.yaml"
    compile_pipeline(
        load_scenario(config), image=IMAGE, pipeline_root="gs://bucket/root", output=output
    )
    return output


@pytest.fixture(scope="module")
def tasks(compiled: Path) -> dict[str, Any]:
    return dict(spec_of(compiled)["root"]["dag"]["tasks"])


def branch(target: str) -> set[str]:
    components = ("TargetValidator", "ScratchTrainer", "WarmStartTrainer", "Pusher")
    return {kubernetes_name(f"{component}-{target}") for component in components}


def needed(tasks: dict[str, Any], task: str) -> set[str]:
    direct = set(tasks[task].get("dependentTasks", ()))
    return direct.union(*(needed(tasks, each) for each in direct))


def test_there_is_one_trunk_and_a_branch_for_each_target(tasks: dict[str, Any]) -> None:
    assert tasks.keys() >= TRUNK | branch("site_a") | branch(LONG)
    assert all(len(name) <= 63 for name in tasks)


def test_the_trunk_waits_for_no_target_and_a_branch_for_no_other(tasks: dict[str, Any]) -> None:
    for task in TRUNK:
        assert needed(tasks, task) <= TRUNK
    ours = {name for name in tasks if name.endswith("-site-a")}
    theirs = tasks.keys() - TRUNK - ours
    for task in ours:
        assert needed(tasks, task) <= TRUNK | ours
    for task in theirs:
        assert needed(tasks, task) <= TRUNK | theirs
    assert "pretrain-trainer" in needed(tasks, "warm-start-trainer-site-a")


def test_each_target_has_its_own_parameters_and_the_seed_is_one(
    compiled: Path, tasks: dict[str, Any]
) -> None:
    declared = spec_of(compiled)["root"]["inputDefinitions"]["parameters"]
    assert declared["site_a_shots"]["defaultValue"] == "1"
    assert declared[f"{LONG}_shots"]["defaultValue"] == "5"
    assert declared["site_a_target_path"]["defaultValue"] == "s3://bucket/a"
    assert "shots" not in declared
    for task, parameter in (
        ("pretrain-trainer", "seed"),
        ("warm-start-trainer-site-a", "seed"),
        ("warm-start-trainer-site-a", "site_a_shots"),
    ):
        inputs = tasks[task]["inputs"]["parameters"].values()
        assert {"componentInputParameter": parameter} in inputs
    bindings = option(compiled, "warm-start-trainer-site-a", "--parameter_bindings")
    assert bindings["run_shots"]["paths"] == [["plan", "shots"]]


def test_a_target_in_an_object_store_is_downloaded_for_its_branch_alone(
    tasks: dict[str, Any],
) -> None:
    importers = [name for name in tasks if "importer" in name]
    assert importers == ["target-data-importer-site-a"]
    assert "target-data-importer-site-a" in tasks["target-example-gen-site-a"]["dependentTasks"]


def test_resources_and_volumes_are_set_by_component_or_for_one_target(compiled: Path) -> None:
    def cores(target: str) -> float:
        task = kubernetes_name(f"WarmStartTrainer-{target}")
        return float(container(compiled, task)["resources"]["cpuRequest"])

    assert (cores("site_a"), cores(LONG)) == (8.0, 4.0)
    _, platform = yaml.safe_load_all(compiled.read_text())
    mounting = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    # The finder looks at what the Pusher has written, and the evaluator counts attempts there.
    mounted = ("Pusher", "ServedModelFinder", "TransferEvaluator")
    nodes = (f"{name}-{target}" for name in mounted for target in TARGETS)
    assert mounting.keys() == {f"exec-{kubernetes_name(node)}" for node in nodes}


def test_each_target_is_pushed_to_a_folder_of_its_own(tasks: dict[str, Any]) -> None:
    for target in TARGETS:
        task = tasks[kubernetes_name(f"Pusher-{target}")]
        destination = str(task["inputs"]["parameters"]["push_destination"])
        assert f"gs://bucket/root/serving/mnist-to-optdigits/{target}" in destination
