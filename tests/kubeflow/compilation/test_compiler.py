"""`warmstart compile`: the same DAG as the local run, in a form that Kubeflow accepts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kfp
import pytest
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from modules.core.errors import ConfigError, WarmstartError
from pipelines.config import load_config
from pipelines.kubeflow.compiler import compile_pipeline
from pipelines.kubeflow.tasks import kubernetes_name
from tests.kubeflow.compilation.documents import container, option, spec_of
from tests.kubeflow.conftest import CONFIG, IMAGE, PIPELINE_ROOT
from tests.kubeflow.golden import GOLDEN, without_versions

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def local_pipeline() -> Any:
    from pipelines.transfer_pipeline import create_pipeline

    return create_pipeline(load_config(CONFIG), pipeline_root="/r", serving_directory="/s")


def test_it_is_a_strict_pipeline_spec_of_version_2_1(compiled: Path) -> None:
    message = json_format.ParseDict(spec_of(compiled), pipeline_spec_pb2.PipelineSpec())
    assert message.schema_version == "2.1.0"
    assert message.pipeline_info.name == "mnist-to-optdigits"
    assert message.default_pipeline_root == PIPELINE_ROOT


def test_the_kfp_sdk_loads_it(compiled: Path) -> None:
    loaded = kfp.components.load_component_from_file(str(compiled))
    assert loaded.name == "mnist-to-optdigits"


def test_it_is_the_golden_file(compiled: Path) -> None:
    """After an intended change: python -m tests.kubeflow.golden, then review the difference."""
    assert without_versions(compiled.read_text()) == GOLDEN.read_text()


def test_another_process_writes_the_same_bytes(compiled: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipelines.config import load_config; "
        "from pipelines.kubeflow.compiler import compile_pipeline; "
        f"compile_pipeline(load_config({CONFIG!r}), image={IMAGE!r}, "
        f"pipeline_root={PIPELINE_ROOT!r}, output=Path(sys.argv[1]))"
    )
    output = tmp_path / "again.yaml"
    environment = {**os.environ, "PYTHONHASHSEED": "1234"}
    subprocess.run([sys.executable, "-c", code, str(output)], env=environment, check=True)
    assert output.read_bytes() == compiled.read_bytes()


def test_the_dag_is_that_of_the_local_run(compiled: Path) -> None:
    edges = {
        kubernetes_name(node.id): {kubernetes_name(up.id) for up in node.upstream_nodes}
        for node in local_pipeline().components
    }
    tasks = spec_of(compiled)["root"]["dag"]["tasks"]
    assert {name: set(task.get("dependentTasks", [])) for name, task in tasks.items()} == edges


def test_every_name_is_a_dns_label(compiled: Path) -> None:
    spec = spec_of(compiled)
    tasks = spec["root"]["dag"]["tasks"]
    names = [*tasks, *spec["components"], *spec["deploymentSpec"]["executors"]]
    assert all(DNS_LABEL.fullmatch(name) for name in [*names, spec["pipelineInfo"]["name"]])
    assert all(task["taskInfo"]["name"] == name for name, task in tasks.items())


def test_no_path_of_this_machine_is_inside(compiled: Path) -> None:
    text = compiled.read_text()
    for path in (Path.cwd(), Path.home(), Path(sys.prefix), compiled.parent):
        assert f"{path}/" not in text


def test_each_task_runs_our_entrypoint_in_the_image(compiled: Path) -> None:
    for task in spec_of(compiled)["root"]["dag"]["tasks"]:
        described = container(compiled, task)
        assert described["image"] == IMAGE
        assert described["command"] == ["python", "-m", "components.container_entrypoint"]
        assert "lifecycle" not in described


def test_what_changes_from_run_to_run_is_a_parameter(compiled: Path) -> None:
    parameters = spec_of(compiled)["root"]["inputDefinitions"]["parameters"]
    assert {name: value["defaultValue"] for name, value in parameters.items()} == {
        "shots": "10",
        "seed": 0,
        "learning_rate": 1e-3,
        "target_path": "/opt/warmstart/data/optdigits",
        "target_version": "0",
    }


@pytest.mark.parametrize(
    ("parameter", "tasks"),
    [
        ("shots", {"scratch-trainer", "warm-start-trainer", "transfer-evaluator"}),
        (
            "seed",
            {"pretrain-trainer", "scratch-trainer", "warm-start-trainer", "transfer-evaluator"},
        ),
        ("learning_rate", {"scratch-trainer", "warm-start-trainer"}),
        ("target_path", {"target-example-gen"}),
        ("target_version", {"target-example-gen"}),
    ],
)
def test_a_parameter_reaches_the_tasks_that_use_it_and_no_other(
    compiled: Path, parameter: str, tasks: set[str]
) -> None:
    found = {
        name
        for name, task in spec_of(compiled)["root"]["dag"]["tasks"].items()
        if {"componentInputParameter": parameter} in task["inputs"].get("parameters", {}).values()
    }
    assert found == tasks


def test_each_bound_parameter_is_declared_by_its_component(compiled: Path) -> None:
    spec = spec_of(compiled)
    for name, task in spec["root"]["dag"]["tasks"].items():
        declared = spec["components"][name]["inputDefinitions"]["parameters"]
        assert set(task["inputs"]["parameters"]) == set(declared)
        if "--parameter_bindings" in container(compiled, name)["args"]:
            assert set(option(compiled, name, "--parameter_bindings")) <= set(declared)


@pytest.mark.parametrize(
    ("overrides", "options", "expected"),
    [
        ([], {"pipeline_root": "/shared/root"}, "expected gs://BUCKET/PATH"),
        ([], {"image": "two words"}, "expected an image"),
        ([], {"output": Path("p.json")}, "ends in .yaml"),
        (["target.path=/elsewhere/digits"], {}, "no container has /elsewhere/digits"),
        (["target.path=../digits"], {}, "no container has ../digits"),
        (["kubeflow.component_resources={Trainer: {}}"], {}, "has no component Trainer"),
    ],
)
def test_what_makes_no_sense_on_a_cluster_is_refused(
    tmp_path: Path, overrides: list[str], options: dict[str, Any], expected: str
) -> None:
    arguments: dict[str, Any] = {
        "image": IMAGE,
        "pipeline_root": PIPELINE_ROOT,
        "output": tmp_path / "p.yaml",
        **options,
    }
    with pytest.raises(ConfigError, match=re.escape(expected)):
        compile_pipeline(load_config(CONFIG, overrides), **arguments)
    assert not list(tmp_path.iterdir())


def test_without_kfp_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kfp", None)
    with pytest.raises(WarmstartError, match="pip install 'kfp>=2,<3'"):
        compile_pipeline(
            load_config(CONFIG),
            image=IMAGE,
            pipeline_root=PIPELINE_ROOT,
            output=tmp_path / "p.yaml",
        )


@pytest.mark.parametrize(
    ("node_id", "name"),
    [
        ("SourceExampleGen", "source-example-gen"),
        ("mnist_to_optdigits", "mnist-to-optdigits"),
        ("TFXTransform.2", "tfx-transform-2"),
        ("A" * 80, "a" * 56 + "-0f45e8"),
    ],
)
def test_ids_become_dns_labels(node_id: str, name: str) -> None:
    assert kubernetes_name(node_id) == name
