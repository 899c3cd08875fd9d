"""The entrypoint as a process: exit codes, messages, and an output only after success."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MODEL_RUN = {"instanceSchema": "title: tfx.ModelRun\ntype: object\n"}
SPEC = {"parameters": {"behaviour": {"parameterType": "STRING"}}}


def run(root: Path, behaviour: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    output_file = root / "kfp_outputs" / "output_metadata.json"
    executor_input: dict[str, Any] = {
        "inputs": {"parameterValues": {"behaviour": behaviour}},
        "outputs": {
            "outputFile": str(output_file),
            "artifacts": {
                "model_run": {"artifacts": [{"uri": "minio://b/model_run", "type": MODEL_RUN}]}
            },
        },
    }
    command = [sys.executable, "-m", "components.container_entrypoint"]
    arguments = [
        "--executor_class_path",
        "tests.components.container_entrypoint.scripted_executor.Executor",
        "--json_serialized_invocation_args",
        json.dumps(executor_input),
        "--json_serialized_inputs_spec_args",
        json.dumps(SPEC),
        "--runner=FnApiRunner",
    ]
    environment = {**os.environ, "WARMSTART_STAGING_ROOT": str(root)}
    done = subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    return done, output_file


@pytest.mark.parametrize("behaviour", ["succeed", "crash at exit"])
def test_a_successful_task_exits_with_zero(tmp_path: Path, behaviour: str) -> None:
    done, output_file = run(tmp_path, behaviour)
    assert done.returncode == 0, done.stderr
    written = json.loads(output_file.read_text())
    (artifact,) = written["artifacts"]["model_run"]["artifacts"]
    assert artifact["uri"] == "minio://b/model_run"
    assert artifact["metadata"]["log"] == "minio://b/model_run/log"
    assert (tmp_path / "minio" / "b" / "model_run" / "log").read_text() == "written"
    assert list(output_file.parent.iterdir()) == [output_file]


def test_refused_data_end_in_one_message(tmp_path: Path) -> None:
    done, output_file = run(tmp_path, "refuse")
    assert done.returncode == 1
    assert "Error: a.gz: expected magic 2051, found magic 7. Pass an IDX file." in done.stderr
    assert "Traceback" not in done.stderr
    assert not output_file.exists()


def test_a_volume_that_the_task_may_not_write_to_ends_in_one_message(tmp_path: Path) -> None:
    done, output_file = run(tmp_path, "denied")
    assert done.returncode == 1
    assert "Error: /serving/1: expected access for user" in done.stderr
    assert "Traceback" not in done.stderr
    assert not output_file.exists()


def test_an_unexpected_error_shows_its_traceback(tmp_path: Path) -> None:
    done, output_file = run(tmp_path, "fail")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ValueError: unforeseen" in done.stderr
    assert not output_file.exists()
