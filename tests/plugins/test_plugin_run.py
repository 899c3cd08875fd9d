"""Plug-ins of all kinds work in every process that a pipeline has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modules.models.artifact import checkpoint_dir
from modules.models.checkpointing import read_checkpoint_metadata
from modules.pretraining import run_fn
from modules.study.cell_runner import StudyInputs
from modules.study.cells import Cell
from pipelines.config import load_config
from pipelines.study.workers import run_cells
from tests.e2e.conftest import read_result
from tests.training_domain import (
    NETWORK,
    PRETRAINING,
    PRETRAINING_PLAN,
    TRAINING,
    TRANSFER_PLAN,
    TinyDomains,
    fn_args,
)

pytestmark = pytest.mark.e2e

METHOD = "my_plugins.methods:Smoothed"


def warmstart_in(folder: Path, *arguments: str) -> str:
    """Runs the command line in a folder, as the page says."""
    path = os.pathsep.join([".", str(Path.cwd())])
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "CI": "true"},
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_run_with_plug_ins_of_all_kinds(plugins: Path) -> None:
    warmstart_in(plugins, "run", "plugins.yaml", "--output", "run")
    result = read_result(plugins / "run")
    assert result["verdict"] == "blessed", result["reasons"]
    assert "The worst class" in result["reasons"][-1]
    assert result["transfer"]["method"] == METHOD
    assert result["arms"]["warm_start"]["total"] == 60
    training = next((plugins / "run/artifacts/WarmStartTrainer/model_run").glob("*/training.json"))
    assert "smoothed_cross_entropy" in training.read_text()


def test_a_study_trains_them_in_processes_of_its_own(
    plugins: Path, tiny_domains: TinyDomains, pretrained: Path
) -> None:
    inputs = StudyInputs(
        plan=TRANSFER_PLAN,
        target_examples=str(tiny_domains.target),
        source_examples=str(tiny_domains.source),
        transform_graph=str(tiny_domains.transform_graph),
        base_model=str(pretrained / "model"),
    )
    (result,) = run_cells(inputs, [Cell(0, 2, METHOD)], workers=1, threads=1)
    assert result.cell.method == METHOD
    assert result.total == 15


def test_several_workers_train_them(
    plugins: Path, tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    config = load_config(plugins / "plugins.yaml")
    network = config.network.model_copy(update={"image_size": NETWORK.image_size})
    plan = PRETRAINING_PLAN.model_copy(
        update={
            "network": network,
            "preprocessing": config.preprocessing,
            "training": TRAINING.model_copy(update={"workers": 2, "sharding": "data"}),
            "pretraining": PRETRAINING.model_copy(update={"steps": 4}),
        }
    )
    run_fn(fn_args(tiny_domains.source, tiny_domains.transform_graph, tmp_path, plan))
    record = read_checkpoint_metadata(checkpoint_dir(str(tmp_path / "model")))
    assert record["network"]["name"] == "my_plugins.networks:small"
    assert record["network"]["options"] == {"units": 16}
