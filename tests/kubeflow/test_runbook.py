"""What kubeflow/README.md and the manifests tell a reader to do works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from pipelines.commands.compile import compile_command
from pipelines.commands.submit import submit_command
from pipelines.config import load_config
from pipelines.kubeflow.parameters import RUN_PARAMETERS
from pipelines.kubeflow.settings import KubeflowSettings, RetrySettings
from tests.kubeflow.conftest import CONFIG, PIPELINE_ROOT, Compile
from tests.kubeflow.submission.kfp_api_server import KfpApiServer

RUNBOOK = Path("kubeflow/README.md").read_text(encoding="utf-8")


def code_block(language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", RUNBOOK, re.DOTALL)
    return block


def example_commands(name: str) -> list[list[str]]:
    """The arguments of each `warmstart NAME` in a block of shell commands."""
    blocks = "".join(re.findall(r"```bash\n(.*?)```", RUNBOOK, re.DOTALL)).replace("\\\n", " ")
    return [shlex.split(text) for text in re.findall(rf"^warmstart {name} (.*)$", blocks, re.M)]


def manifest_text(name: str) -> str:
    return Path("kubeflow/manifests", f"{name}.yaml").read_text()


def manifest(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifest_text(name)))


@pytest.fixture(scope="module")
def example_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default scenario with the runbook's example section at its end."""
    path = tmp_path_factory.mktemp("example") / "digits.yaml"
    path.write_text(Path(CONFIG).read_text() + code_block("yaml"))
    return path


def test_the_example_section_sets_what_it_shows(example_config: Path) -> None:
    settings = load_config(example_config).kubeflow
    assert settings.component_resources["PretrainTrainer"].memory_limit_gb == 12
    assert settings.retries == RetrySettings(max_retries=2, pause_seconds=30)
    assert [volume.mount_path for volume in settings.volumes] == ["/data", "/serving"]
    assert set(yaml.safe_load(code_block("yaml"))["kubeflow"]) == settings.model_fields_set


def test_a_configuration_with_the_example_section_compiles(
    example_config: Path, compile_to: Compile
) -> None:
    spec, platform = yaml.safe_load_all(compile_to(config=example_config).read_text())
    trainer = spec["deploymentSpec"]["executors"]["exec-pretrain-trainer"]["container"]
    assert trainer["resources"]["cpuRequest"] == 4
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    mounts = {
        label: [mount["mountPath"] for mount in executor["pvcMount"]]
        for label, executor in executors.items()
    }
    assert mounts == {
        "exec-source-example-gen": ["/data"],
        "exec-target-example-gen": ["/data"],
        "exec-pretrain-trainer": ["/warmstart-state"],
        "exec-scratch-trainer": ["/warmstart-state"],
        "exec-warm-start-trainer": ["/warmstart-state"],
        # They look at what the Pusher has pushed, and count attempts beside it.
        "exec-served-model-finder": ["/serving"],
        "exec-transfer-evaluator": ["/serving"],
        "exec-pusher": ["/serving"],
    }


def test_the_claims_of_the_example_are_in_the_manifest(example_config: Path) -> None:
    settings: KubeflowSettings = load_config(example_config).kubeflow
    named = {volume.claim for volume in settings.volumes} | {settings.state_claim}
    claims = manifest("volumes")
    assert {claim["kind"] for claim in claims} == {"PersistentVolumeClaim"}
    assert {claim["metadata"]["name"] for claim in claims} == named


def test_the_launcher_finds_the_secret_that_the_manifest_tells_to_make() -> None:
    (config_map,) = manifest("object-store")
    assert (config_map["kind"], config_map["metadata"]["name"]) == ("ConfigMap", "kfp-launcher")
    store = yaml.safe_load(config_map["data"]["providers"])["s3"]["default"]
    text = manifest_text("object-store")
    (secret,) = re.findall(r"create secret generic (\S+)", text)
    assert store["credentials"] == {
        "fromEnv": False,
        "secretRef": {
            "secretName": secret,
            **dict(
                zip(
                    ("accessKeyKey", "secretKeyKey"),
                    re.findall(r"--from-literal=(\w+)=", text),
                    strict=True,
                )
            ),
        },
    }


@pytest.mark.parametrize("command", [compile_command, submit_command])
def test_the_commands_parse(command: click.Command) -> None:
    assert command.name
    examples = example_commands(command.name)
    assert examples
    for arguments in examples:
        command.make_context(command.name, arguments)


def test_every_parameter_of_a_run_is_explained() -> None:
    table = RUNBOOK.partition("| parameter |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(explained) == sorted(parameter.name for parameter in RUN_PARAMETERS)


def test_every_file_that_is_named_exists() -> None:
    paths = re.findall(r"(?:kubeflow|components|configs|tests)/[\w./-]+\w", RUNBOOK)
    assert "kubeflow/manifests/volumes.yaml" in paths
    assert [path for path in paths if not Path(path).exists()] == []


def test_the_schedule_makes_a_recurring_run_of_the_compiled_pipeline(
    api: KfpApiServer, compiled: Path
) -> None:
    (arguments,) = (each for each in example_commands("submit") if "--cron" in each)
    arguments[arguments.index("--host") + 1] = api.host
    result = CliRunner().invoke(submit_command, [str(compiled), *arguments[1:]])
    assert result.exit_code == 0, result.output
    (scheduled,) = api.recurring_runs
    assert scheduled.trigger.cron_schedule.cron == "0 0 3 * * *"
    assert scheduled.runtime_config.parameters == {"target_version": "[[CurrentTime]]"}
    assert scheduled.runtime_config.pipeline_root == PIPELINE_ROOT
