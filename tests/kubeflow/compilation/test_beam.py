"""The `beam` section of a compiled pipeline: every Beam task gets the runner's options."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.core.errors import ConfigError
from pipelines.config import load_config
from pipelines.kubeflow.compiler import compile_documents, compile_pipeline
from tests.kubeflow.conftest import CONFIG, IMAGE

DATAFLOW = (
    "beam={runner: dataflow, project: p, region: r, temp_location: 'gs://bucket/tmp', "
    "environment: {type: DOCKER, image: 'registry/warmstart:1'}}"
)
BEAM_TASKS = (
    "source-example-gen",
    "source-statistics-gen",
    "target-example-gen",
    "target-statistics-gen",
    "transfer-evaluator",
    "transform",
)


def test_each_beam_task_runs_on_the_configured_engine() -> None:
    (spec,) = compile_documents(
        load_config(CONFIG, [DATAFLOW]), image=IMAGE, pipeline_root="gs://bucket/root"
    )
    executors = spec["deploymentSpec"]["executors"]
    for name in BEAM_TASKS:
        arguments = executors[f"exec-{name}"]["container"]["args"]
        assert "--runner=DataflowRunner" in arguments
        assert "--sdk_container_image=registry/warmstart:1" in arguments


def test_a_root_that_is_staged_in_each_tasks_own_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot reach s3://bucket/root.*gs:// pipeline root"):
        compile_pipeline(
            load_config(CONFIG, [DATAFLOW]),
            image=IMAGE,
            pipeline_root="s3://bucket/root",
            output=tmp_path / "pipeline.yaml",
        )
