"""kubeflow/README.md and the manifests agree with each other and with the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from pipelines.commands.compile import compile_command
from pipelines.commands.submit import submit_command
from pipelines.config import load_config
from pipelines.kubeflow.settings import KubeflowSettings
from tests.kubeflow.conftest import CONFIG

RUNBOOK = Path("kubeflow/README.md").read_text(encoding="utf-8")
# Those of the pipeline; test_training_workers_manifest.py has the other one.
MANIFESTS = [Path("kubeflow/manifests", f"{name}.yaml") for name in ("object-store", "volumes")]


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", RUNBOOK, re.DOTALL)


def objects() -> list[dict[str, Any]]:
    return [item for path in MANIFESTS for item in yaml.safe_load_all(path.read_text())]


def example_settings() -> KubeflowSettings:
    (block,) = code_blocks("yaml")
    return KubeflowSettings.model_validate(yaml.safe_load(block)["kubeflow"])


def test_the_example_section_is_valid() -> None:
    settings = example_settings()
    assert settings.serving_directory == "/serving/digits"
    assert load_config(CONFIG).model_copy(update={"kubeflow": settings})


def test_the_claims_of_the_example_are_in_the_manifests() -> None:
    settings = example_settings()
    named = {volume.claim for volume in settings.volumes} | {settings.state_claim}
    made = {
        item["metadata"]["name"] for item in objects() if item["kind"] == "PersistentVolumeClaim"
    }
    assert named == made


def test_the_launchers_config_map_holds_valid_yaml() -> None:
    (config_map,) = (item for item in objects() if item["kind"] == "ConfigMap")
    assert config_map["metadata"]["name"] == "kfp-launcher"
    providers = yaml.safe_load(config_map["data"]["providers"])
    assert providers["s3"]["default"]["credentials"]["secretRef"]["secretName"]


def test_every_option_of_the_commands_exists() -> None:
    known = {
        option
        for command in (compile_command, submit_command)
        for parameter in command.params
        for option in parameter.opts
    }
    for block in code_blocks("bash"):
        for command in re.findall(r"warmstart (?:compile|submit)(?:.|\\\n)*", block):
            assert set(re.findall(r"--[a-z-]+", command)) <= known


def test_every_file_that_is_named_exists() -> None:
    paths = re.findall(r"(?:kubeflow|components|configs|tests)/[\w./-]+\w", RUNBOOK)
    assert len(paths) > 5
    assert all(Path(path).exists() for path in paths)


def test_the_schedules_python_is_valid() -> None:
    (block,) = code_blocks("python")
    compile(block, "README.md", "exec")
