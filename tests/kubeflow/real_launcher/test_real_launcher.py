"""What the real driver and launcher handed to each task of the default pipeline (KFP 2.17).

`executor_inputs.json` was recorded from their unmodified binaries, with ML Metadata's and Argo's
own. The entrypoint turns it into what TFX's executors expect; the imitation hands over the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.container_entrypoint.__main__ import run
from tests.kubeflow.backend.driver import Driver, as_go_writes_it
from tests.kubeflow.conftest import PIPELINE_ROOT

RECORDED: dict[str, Any] = json.loads(
    Path(__file__).with_name("executor_inputs.json").read_text(encoding="utf-8")
)
RECORDER = "tests.kubeflow.real_launcher.recording_executor.Executor"


def artifacts(lists: Any) -> dict[str, Any]:
    return {name: value["artifacts"][0] for name, value in lists.get("artifacts", {}).items()}


def declared(arguments: list[str], option: str) -> dict[str, str]:
    """The types that the component declares, by artifact."""
    specification = json.loads(arguments[arguments.index(option) + 1])
    return {
        name: value["artifactType"]["instanceSchema"].split()[1].removeprefix("tfx.")
        for name, value in specification.get("artifacts", {}).items()
    }


def told(metadata: dict[str, Any]) -> dict[str, Any]:
    """What an executor learns: TFX reads nothing from 0 or an empty text, and JSON has floats."""
    known = {name: value for name, value in metadata.items() if value}
    return {name: float(v) if isinstance(v, int) else v for name, v in known.items()}


@pytest.mark.parametrize("task", RECORDED)
def test_the_entrypoint_hands_it_to_tfx(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMSTART_STAGING_ROOT", str(tmp_path))
    arguments = list(RECORDED[task]["arguments"])
    given = json.loads(json.dumps(RECORDED[task]["executor_input"]))
    inputs, outputs = artifacts(given.get("inputs", {})), artifacts(given["outputs"])
    for artifact in inputs.values():
        (tmp_path / artifact["uri"].replace("://", "/")).mkdir(parents=True)
    given["outputs"]["outputFile"] = f"{tmp_path}{given['outputs']['outputFile']}"
    assert arguments[:3] == ["python", "-m", "components.container_entrypoint"]
    arguments[arguments.index("--executor_class_path") + 1] = RECORDER
    arguments[arguments.index("{{$}}")] = json.dumps(given)
    run(arguments[3:])

    types = declared(arguments, "--json_serialized_outputs_spec_args")
    reported = artifacts(json.loads(Path(given["outputs"]["outputFile"]).read_text()))
    assert set(reported) == set(types) == set(outputs) - {"executor-logs"}
    for name, artifact in reported.items():
        assert artifact["uri"] == artifact["metadata"]["written"] == outputs[name]["uri"]
        folder = tmp_path / artifact["uri"].replace("://", "/")
        received = json.loads((folder / "given.json").read_text())
        assert received["outputs"][name]["type"] == types[name]
        assert received["outputs"][name]["uri"] == str(folder)
        types_of_inputs = declared(arguments, "--json_serialized_inputs_spec_args")
        for key, read in received["inputs"].items():
            assert read["type"] == types_of_inputs[key]
            assert read["uri"] == str(tmp_path / inputs[key]["uri"].replace("://", "/"))
            assert told(read["metadata"]) == told(inputs[key]["metadata"])
        assert set(received["inputs"]) == set(inputs)
        if "--parameter_bindings" in arguments:
            bindings = json.loads(arguments[arguments.index("--parameter_bindings") + 1])
            assert not set(bindings) & set(received["parameters"])


def test_the_imitation_hands_over_the_same_fields(compiled: Path) -> None:
    driver = Driver(compiled, PIPELINE_ROOT, {})
    for task in driver.order():
        imitated = json.loads(as_go_writes_it(driver.executor_input(task)))
        for output in driver.component(task)["outputDefinitions"]["artifacts"]:
            schema = driver.component(task)["outputDefinitions"]["artifacts"][output]
            driver.artifacts[task, output] = driver.metadata.record(
                output, f"s3://bucket/{task}/{output}", schema["artifactType"], {}
            )
        if task not in RECORDED:
            continue
        recorded = RECORDED[task]["executor_input"]
        for side in ("inputs", "outputs"):
            ours, theirs = artifacts(imitated.get(side, {})), artifacts(recorded.get(side, {}))
            for name in set(ours) & set(theirs):
                assert set(ours[name]) == set(theirs[name]), (task, name)
                assert set(ours[name].get("metadata", {})) <= set(theirs[name].get("metadata", {}))
                if side == "inputs":
                    assert ours[name]["type"] == theirs[name]["type"]
                else:
                    assert ours[name]["name"] == theirs[name]["name"]
                    assert below_the_run(ours[name]["uri"]) == below_the_run(theirs[name]["uri"])
            assert bool(theirs) == bool(set(theirs) & set(ours)), (task, side)
        output_file = imitated["outputs"]["outputFile"]
        assert below_the_run(output_file) == below_the_run(recorded["outputs"]["outputFile"])
        assert output_file.startswith("/s3/bucket/root/mnist-to-optdigits/")


def below_the_run(path: str) -> tuple[str, str]:
    """The task and the file's name: between them is a random id."""
    task, _, name = path.rsplit("/", 3)[1:]
    return task, name
