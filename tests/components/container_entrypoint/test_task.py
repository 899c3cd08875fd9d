"""Task: translates the launcher's ExecutorInput for TFX and TFX's ExecutorOutput back."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from components.container_entrypoint.parameters import Binding
from components.container_entrypoint.staging import Staging
from components.container_entrypoint.task import Task
from modules.core.errors import WarmstartError

EXAMPLES = {"instanceSchema": "title: tfx.Examples\ntype: object\n"}
MODEL_RUN = {"instanceSchema": "title: tfx.ModelRun\ntype: object\n"}
INPUTS_SPEC = {"artifacts": {"examples": {"artifactType": EXAMPLES}}}
OUTPUTS_SPEC = {"artifacts": {"model_run": {"artifactType": MODEL_RUN}}}


def artifact(uri: str, **fields: Any) -> dict[str, Any]:
    return {"artifacts": [{"uri": uri, **fields}]}


def executor_input(scheme: str = "s3", output_file: str = "/tmp/kfp_outputs/x.json") -> Any:
    return {
        "inputs": {
            "parameterValues": {"seed": 0},
            "artifacts": {
                "examples": artifact(
                    f"{scheme}://b/1/examples", name="7", metadata={"display_name": "examples"}
                )
            },
        },
        "outputs": {
            "outputFile": output_file,
            "artifacts": {
                "model_run": artifact(f"{scheme}://b/2/model_run", type=MODEL_RUN),
                "executor-logs": artifact(
                    f"{scheme}://b/2/executor-logs", type={"schemaTitle": "system.Artifact"}
                ),
            },
        },
    }


def make_task(given: Any, root: Path, **options: Any) -> Task:
    (root / "s3" / "b" / "1" / "examples").mkdir(parents=True, exist_ok=True)
    return Task(given, INPUTS_SPEC, OUTPUTS_SPEC, staging=Staging(root), **options)


def only(lists: Any, name: str) -> Any:
    (found,) = lists["artifacts"][name]["artifacts"]
    return found


@pytest.mark.parametrize(
    "given",
    [None, {}, {"schemaTitle": "system.Dataset"}, {"instanceSchema": ""}, EXAMPLES],
    ids=["absent", "empty", "system", "empty schema", "full"],
)
def test_inputs_get_their_declared_type(tmp_path: Path, given: Any) -> None:
    received = executor_input()
    if given is not None:
        only(received["inputs"], "examples")["type"] = given
    prepared = make_task(received, tmp_path).prepare("/out.json")
    assert only(prepared["inputs"], "examples")["type"] == EXAMPLES


def test_artifacts_are_local_folders_and_outputs_exist(tmp_path: Path) -> None:
    prepared = make_task(executor_input(), tmp_path).prepare("/out.json")
    assert only(prepared["inputs"], "examples")["uri"] == f"{tmp_path}/s3/b/1/examples"
    output = only(prepared["outputs"], "model_run")["uri"]
    assert output == f"{tmp_path}/s3/b/2/model_run"
    assert Path(output).is_dir()
    assert prepared["outputs"]["outputFile"] == "/out.json"


def test_an_output_that_the_launcher_adds_for_itself_is_kept_from_the_executor(
    tmp_path: Path,
) -> None:
    prepared = make_task(executor_input(), tmp_path).prepare("/out.json")
    assert list(prepared["outputs"]["artifacts"]) == ["model_run"]


def test_vertex_ai_reads_and_writes_its_uris_directly(tmp_path: Path) -> None:
    received = executor_input("gs", "gs://b/2/executor_output.json")
    task = make_task(received, tmp_path)
    prepared = task.prepare(task.output_file)
    assert not task.is_staged
    assert only(prepared["inputs"], "examples")["uri"] == "gs://b/1/examples"
    assert only(prepared["outputs"], "model_run")["uri"] == "gs://b/2/model_run"
    assert prepared["outputs"]["outputFile"] == "gs://b/2/executor_output.json"


def test_run_parameters_are_applied(tmp_path: Path) -> None:
    received = executor_input()
    received["inputs"]["parameterValues"] = {"seed": 0, "run_seed": 3}
    task = make_task(
        received, tmp_path, bindings={"run_seed": {"type": "integer", "paths": [["seed"]]}}
    )
    assert task.prepare("/out.json")["inputs"]["parameterValues"] == {"seed": 3}


def test_imported_data_are_the_folder_that_the_executor_reads(tmp_path: Path) -> None:
    received = executor_input()
    received["inputs"]["parameterValues"] = {"input_base": "s3://b/digits"}
    received["inputs"]["artifacts"]["data"] = artifact("s3://b/digits")
    (tmp_path / "s3" / "b" / "digits").mkdir(parents=True)
    bindings: dict[str, Binding] = {"data": {"type": "artifact", "paths": [["input_base"]]}}
    prepared = make_task(received, tmp_path, bindings=bindings).prepare("/out.json")
    assert prepared["inputs"]["parameterValues"] == {"input_base": f"{tmp_path}/s3/b/digits"}
    assert list(prepared["inputs"]["artifacts"]) == ["examples"]


def test_a_task_without_inputs_is_prepared(tmp_path: Path) -> None:
    received = executor_input()
    del received["inputs"]
    assert make_task(received, tmp_path).prepare("/out.json")["inputs"]["parameterValues"] == {}


def test_what_was_received_is_not_changed(tmp_path: Path) -> None:
    received = executor_input()
    before = copy.deepcopy(received)
    make_task(received, tmp_path).prepare("/out.json")
    assert received == before


def test_the_output_names_uris_and_holds_no_null(tmp_path: Path) -> None:
    task = make_task(executor_input(), tmp_path)
    path = only(task.prepare("/out.json")["outputs"], "model_run")["uri"]
    metadata = {"model": f"{path}/best", "pushed_destination": "/serving/1", "span": None, "n": 1.0}
    output = {"artifacts": {"model_run": artifact(path, name="", metadata=metadata)}}
    assert only(task.finish(output), "model_run") == {
        "uri": "s3://b/2/model_run",
        "name": "",
        "metadata": {
            "model": "s3://b/2/model_run/best",
            "pushed_destination": "/serving/1",
            "n": 1.0,
        },
    }


def test_a_training_run_lives_on_the_volume_until_it_is_complete(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    first = make_task(executor_input(), tmp_path, volume=volume)
    path = Path(only(first.prepare("/out.json")["outputs"], "model_run")["uri"])
    (path / "ckpt-1").write_text("step 200")
    path.unlink()  # The killed pod's disk is gone.
    retry = make_task(executor_input(), tmp_path, volume=volume)
    retry.prepare("/out.json")
    assert (path / "ckpt-1").read_text() == "step 200"
    retry.finish({})
    assert not path.is_symlink()
    assert list(volume.iterdir()) == []


@pytest.mark.parametrize("uri", ["s3://bucket/digits", "minio://bucket/digits"])
def test_data_that_no_launcher_has_downloaded_are_refused(tmp_path: Path, uri: str) -> None:
    received = executor_input()
    received["inputs"]["parameterValues"]["input_base"] = uri
    with pytest.raises(WarmstartError, match=r"compiled for data on a mounted volume"):
        make_task(received, tmp_path).prepare("/out.json")
