"""A compiled pipeline finds spans at run time: its task is not cached, and keeps what it read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.image_example_gen.parameters import unpack_settings
from modules.settings.image_source import SpanSettings
from tests.kubeflow.compilation.documents import documents, spec_of
from tests.kubeflow.conftest import Compile

NODE = "target-example-gen"
NO_STATE = "kubeflow.state_claim=null"


def parameters(path: Path) -> dict[str, Any]:
    """The constants of the task that reads the target."""
    given = spec_of(path)["root"]["dag"]["tasks"][NODE]["inputs"]["parameters"]
    return {
        name: value["runtimeValue"]["constant"]
        for name, value in given.items()
        if "runtimeValue" in value
    }


def spans_in(path: Path) -> SpanSettings | None:
    settings, _ = unpack_settings(parameters(path))
    return settings.spans


@pytest.mark.parametrize(
    ("root", "override", "store"),
    [
        ("s3://bucket/root", NO_STATE, None),
        (
            "s3://bucket/root",
            "kubeflow.state_claim=state",
            "/warmstart-state/spans/mnist-to-optdigits/optdigits",
        ),
        ("gs://bucket/root", NO_STATE, "gs://bucket/root/spans/mnist-to-optdigits/optdigits"),
    ],
)
def test_what_was_read_is_kept_where_something_lasts(
    compile_to: Compile, root: str, override: str, store: str | None
) -> None:
    path = compile_to("target.path=data/site/span-{SPAN}", override, pipeline_root=root)
    spans = spans_in(path)
    assert spans == SpanSettings(pattern="span-{SPAN}", trained="latest", store=store)
    (default,) = {
        spec_of(path)["root"]["inputDefinitions"]["parameters"]["target_path"]["defaultValue"]
    }
    assert default.endswith("/data/site")
    if override != NO_STATE:
        platform = documents(path)[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        assert platform[f"exec-{NODE}"]["pvcMount"] == [
            {"constant": "state", "mountPath": "/warmstart-state"}
        ]


def test_only_with_spans_the_task_runs_each_time(compile_to: Compile, compiled: Path) -> None:
    with_spans = spec_of(compile_to("target.path=data/site/span-{SPAN}"))["root"]["dag"]["tasks"]
    without = spec_of(compiled)["root"]["dag"]["tasks"]
    uncached = {name for name, task in with_spans.items() if "cachingOptions" not in task}
    assert uncached == {NODE, "served-model-finder"}
    assert "cachingOptions" in without[NODE]
    assert with_spans.keys() == without.keys()
    assert spans_in(compiled) is None


def test_spans_in_an_object_store_are_downloaded_with_the_folder_above_them(
    compile_to: Compile,
) -> None:
    spec = spec_of(compile_to("target.path=s3://data/site/{YYYY}-{MM}-{DD}"))
    default = spec["root"]["inputDefinitions"]["parameters"]["target_path"]["defaultValue"]
    assert default == "s3://data/site"
    assert spec["root"]["dag"]["tasks"][NODE]["dependentTasks"] == ["target-data-importer"]
    assert json.dumps(spec).count("{YYYY}-{MM}-{DD}") == 1
