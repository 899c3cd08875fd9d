"""Compiled pipelines and a server to submit them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.config import load_config
from tests.kubeflow.submission.kfp_api_server import KfpApiServer

CONFIG = "configs/mnist_to_optdigits.yaml"
IMAGE = "registry.example/warmstart:1.0"
PIPELINE_ROOT = "s3://bucket/root"
Compile = Callable[..., Path]

# The smallest pipeline with run parameters, in place of one that takes seconds to compile.
SPEC: dict[str, Any] = {
    "pipelineInfo": {"name": "mnist-to-optdigits"},
    "schemaVersion": "2.1.0",
    "sdkVersion": "tfx-1.16.0",
    "defaultPipelineRoot": "s3://bucket/root",
    "components": {
        "train": {
            "executorLabel": "exec-train",
            "inputDefinitions": {"parameters": {"shots": {"parameterType": "NUMBER_INTEGER"}}},
        }
    },
    "deploymentSpec": {
        "executors": {"exec-train": {"container": {"image": "i", "command": ["train"]}}}
    },
    "root": {
        "inputDefinitions": {
            "parameters": {
                "shots": {"parameterType": "NUMBER_INTEGER", "defaultValue": 10},
                "learning_rate": {"parameterType": "NUMBER_DOUBLE", "defaultValue": 3e-4},
                "target_path": {"parameterType": "STRING", "defaultValue": "/data/target"},
                "target_version": {"parameterType": "STRING", "defaultValue": "0"},
            }
        },
        "dag": {
            "tasks": {
                "train": {
                    "taskInfo": {"name": "train"},
                    "componentRef": {"name": "train"},
                    "inputs": {"parameters": {"shots": {"componentInputParameter": "shots"}}},
                }
            }
        },
    },
}


@pytest.fixture(scope="session")
def compile_to(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Compiles a scenario, the default one unless told otherwise, and returns the YAML file."""
    from pipelines.kubeflow.compiler import Platform, compile_pipeline

    def compile_with(
        *overrides: str,
        pipeline_root: str = PIPELINE_ROOT,
        config: str | Path = CONFIG,
        platform: Platform = "kubeflow",
    ) -> Path:
        output = tmp_path_factory.mktemp("compiled") / "p.yaml"
        loaded = load_config(config, overrides)
        compile_pipeline(
            loaded, image=IMAGE, pipeline_root=pipeline_root, output=output, platform=platform
        )
        return output

    return compile_with


@pytest.fixture(scope="session")
def compiled(compile_to: Compile) -> Path:
    """The default scenario with default settings, compiled."""
    return compile_to()


@pytest.fixture
def api() -> Iterator[KfpApiServer]:
    """A Kubeflow Pipelines API on this machine."""
    server = KfpApiServer()
    yield server
    server.close()


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    """A small compiled pipeline."""
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump(SPEC))
    return path
