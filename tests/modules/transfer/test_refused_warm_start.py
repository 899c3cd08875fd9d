"""What a warm start refuses, before it leaves anything behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modules.core.checksums import write_checksums
from modules.core.errors import ConfigError, DataError, WarmStartMappingError
from tests.modules.transfer.warm_start_result import Result, run
from tests.training_domain import (
    NETWORK,
    TinyDomains,
)


def test_a_network_of_another_shape_is_refused_by_name(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    larger = NETWORK.model_copy(update={"image_size": 16})
    with pytest.raises(WarmStartMappingError, match="features/kernel"):
        run(train_only, pretrained, tmp_path, {"network": larger})
    assert not (tmp_path / "model").exists()


def test_a_checkpoint_that_is_not_the_models_own_is_found_out(
    joint: Result, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    mixed = tmp_path / "mixed" / "model"
    shutil.copytree(pretrained / "model" / "Format-Serving", mixed / "Format-Serving")
    shutil.copytree(joint.folder / "model" / "checkpoint", mixed / "checkpoint")
    write_checksums(str(mixed), ("checkpoint", "Format-Serving"))
    with pytest.raises(WarmStartMappingError, match=r"outputs differ.*run the pretraining again"):
        run(train_only, mixed.parent, tmp_path)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("restore", ["rebuild", "graph"])
@pytest.mark.parametrize(
    "file",
    ["checkpoint/variables.data-00000-of-00001", "checkpoint/network.json"]
    + [f"Format-Serving/{name}" for name in ("saved_model.pb", "variables/variables.index")],
)
def test_a_pretrained_model_that_was_tampered_with_is_refused(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path, file: str, restore: str
) -> None:
    shutil.copytree(pretrained / "model", tmp_path / "tampered" / "model")
    path = tmp_path / "tampered" / "model" / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"{file}: expected what was written.*changed since"):
        run(train_only, tmp_path / "tampered", tmp_path, restore=restore)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("method", ["fine_tune", "joint"])
def test_a_method_that_needs_shots_is_refused_without(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path, method: str
) -> None:
    with pytest.raises(ConfigError, match=r"target\.shots is 0.*zero_shot"):
        run(train_only, pretrained, tmp_path, {"shots": 0}, method=method)


def test_more_shots_than_there_are_examples_are_refused(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="9 labelled examples"):
        run(train_only, pretrained, tmp_path, {"shots": 9})
