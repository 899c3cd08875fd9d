"""The commands compile and submit: quick help, little output, one message for each mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from modules.core.errors import WarmstartError
from pipelines.commands.compile import compile_command
from pipelines.commands.submit import submit_command
from tests.kubeflow.conftest import CONFIG, IMAGE, PIPELINE_ROOT
from tests.kubeflow.submission.kfp_api_server import KfpApiServer


@pytest.mark.parametrize("command", ["compile", "submit"])
def test_help_answers_without_importing_anything_heavy(command: str) -> None:
    code = (
        "import sys; from click.testing import CliRunner; "
        f"from pipelines.commands.{command} import {command}_command; "
        f"result = CliRunner().invoke({command}_command, ['--help']); "
        "assert result.exit_code == 0; "
        "print(sorted({'tensorflow', 'tfx', 'kfp', 'pydantic', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_compiling_says_only_what_comes_next(tmp_path: Path) -> None:
    output = tmp_path / "p.yaml"
    code = "from pipelines.commands.compile import compile_command; compile_command()"
    options = ["--image", IMAGE, "--pipeline-root", PIPELINE_ROOT, "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-c", code, CONFIG, *options], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        f"{output}: pipeline for {IMAGE}. Start it with:",
        f"  warmstart submit {output} --host URL",
    ]
    assert done.stderr == ""


def test_submitting_with_a_token_from_the_environment(api: KfpApiServer, spec_file: Path) -> None:
    api.required_headers["Authorization"] = "Bearer secret"
    options = ["--host", api.host, "--param", "shots=1", "--experiment", "digits", "--wait"]
    result = CliRunner().invoke(
        submit_command, [str(spec_file), *options], env={"KFP_TOKEN": "secret"}
    )
    assert result.exit_code == 0, result.output
    (run,) = api.runs.values()
    assert run.runtime_config.parameters == {"shots": 1}
    assert result.output.splitlines()[-1].startswith("succeeded")


def test_submitting_with_cron_makes_a_recurring_run(api: KfpApiServer, spec_file: Path) -> None:
    options = ["--host", api.host, "--cron", "0 3 * * *", "--run-name", "nightly"]
    result = CliRunner().invoke(submit_command, [str(spec_file), *options])
    assert result.exit_code == 0, result.output
    assert (len(api.runs), len(api.recurring_runs)) == (0, 1)
    assert "schedule nightly, '0 0 3 * * *': http://127.0.0.1" in result.output


def test_a_schedule_cannot_be_waited_for(spec_file: Path) -> None:
    options = [str(spec_file), "--host", "http://127.0.0.1:1", "--cron", "0 3 * * *", "--wait"]
    result = CliRunner().invoke(submit_command, options)
    assert result.exit_code == 2
    assert "a schedule has none" in result.output


@pytest.mark.parametrize("text", ["shots", "=1"])
def test_a_parameter_without_a_name_or_value_is_refused(spec_file: Path, text: str) -> None:
    options = [str(spec_file), "--host", "http://127.0.0.1:1", "--param", text]
    result = CliRunner().invoke(submit_command, options)
    assert isinstance(result.exception, WarmstartError)
    assert "expected NAME=VALUE" in str(result.exception)


@pytest.mark.parametrize("command", [compile_command, submit_command])
def test_what_is_required_is_asked_for(command: object) -> None:
    result = CliRunner().invoke(command, ["x"])  # type: ignore[arg-type]
    assert result.exit_code == 2
    assert "Missing option" in result.output
