"""Weights to start from are the pretraining's: a changed file changes it, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modules.core.errors import DataError
from modules.settings.plans import TransferPlan
from pipelines.config import Config, load_config
from pipelines.transfer_pipeline import transfer_plan
from pipelines.trunk import build_trunk


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "own.weights.h5"
    path.write_bytes(b"first")
    return path


def config(weights: Path) -> Config:
    network = f"{{name: keras_application, model: MobileNet, weights: {weights}, channels: 3}}"
    overrides = [f"network={network}", "preprocessing.standardize=false"]
    return load_config("configs/mnist_to_optdigits.yaml", overrides)


def properties(config: Config) -> dict[str, dict[str, Any]]:
    """What decides each component of the trunk, beside its inputs."""
    return {node.id: node.exec_properties for node in build_trunk(config).components}


def test_another_file_under_the_same_name_is_another_pretraining(weights: Path) -> None:
    before = properties(config(weights))
    assert before == properties(config(weights))
    weights.write_bytes(b"second")
    after = properties(config(weights))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"PretrainTrainer"}
    plan = json.loads(json.loads(after["PretrainTrainer"]["custom_config"])["plan"])
    assert plan["network"]["weights"] == str(weights)
    assert len(plan["weights_checksum"]) == 64


def test_what_is_trained_on_the_target_does_not_see_them(weights: Path) -> None:
    plan = transfer_plan(config(weights), "modules.scratch_training")
    assert plan.network.weights == "none"
    again = TransferPlan.model_validate_json(plan.model_dump_json())
    assert (again.network.model, again.network.weights) == ("MobileNet", "none")


def test_a_missing_file_is_refused_when_the_run_is_planned(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a readable file, found No such file"):
        build_trunk(config(tmp_path / "none.weights.h5"))
