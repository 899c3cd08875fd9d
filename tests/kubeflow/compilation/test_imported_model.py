"""A compiled pipeline that starts from a model which lies in an object store."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.kubeflow.conftest import Compile

MODEL = "s3://bucket/models/digits.keras"


@pytest.fixture(scope="module")
def spec(compile_to: Compile) -> dict[str, Any]:
    path = compile_to("source=null", f"pretraining={{from: {MODEL}, pixels: unit}}")
    document: dict[str, Any] = next(yaml.safe_load_all(path.read_text()))
    return document


def test_nothing_is_pretrained_and_nothing_of_a_source_is_read(spec: dict[str, Any]) -> None:
    tasks = set(spec["root"]["dag"]["tasks"])
    assert {"model-importer", "pretrained-model-importer", "transform"} <= tasks
    assert not {task for task in tasks if "source" in task or task == "pretrain-trainer"}


def test_the_launcher_downloads_the_model_for_its_importer(spec: dict[str, Any]) -> None:
    importer = spec["deploymentSpec"]["executors"]["exec-pretrained-model-importer"]["importer"]
    assert importer["artifactUri"] == {"constant": MODEL}
    container = spec["deploymentSpec"]["executors"]["exec-model-importer"]["container"]
    bindings = json.loads(container["args"][container["args"].index("--parameter_bindings") + 1])
    assert bindings["data"] == {"type": "artifact", "paths": [["path"]]}


def test_a_runs_seed_reaches_the_import(spec: dict[str, Any]) -> None:
    inputs = spec["root"]["dag"]["tasks"]["model-importer"]["inputs"]["parameters"]
    assert inputs["run_seed"] == {"componentInputParameter": "seed"}
