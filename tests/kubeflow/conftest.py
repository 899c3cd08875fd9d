"""Compiled pipelines that several tests look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config import load_config

CONFIG = "configs/mnist_to_optdigits.yaml"
IMAGE = "registry.example/warmstart:1.0"
PIPELINE_ROOT = "s3://bucket/root"
Compile = Callable[..., Path]


@pytest.fixture(scope="session")
def compile_to(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Compiles the default scenario with overrides and returns the YAML file."""
    from pipelines.kubeflow.compiler import compile_pipeline

    def compile_with(*overrides: str, pipeline_root: str = PIPELINE_ROOT) -> Path:
        output = tmp_path_factory.mktemp("compiled") / "p.yaml"
        config = load_config(CONFIG, overrides)
        compile_pipeline(config, image=IMAGE, pipeline_root=pipeline_root, output=output)
        return output

    return compile_with


@pytest.fixture(scope="session")
def compiled(compile_to: Compile) -> Path:
    """The default scenario, with default settings."""
    return compile_to()
