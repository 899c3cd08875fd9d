"""What a warm start refuses, before it leaves anything behind."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
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


def with_shifted_labels(domains: TinyDomains, folder: Path) -> TinyDomains:
    """Names each target class after the next one, as a labels file that is shifted by one does."""
    shutil.copytree(domains.target, folder)
    names = json.loads((folder / "classes.json").read_text())
    (folder / "classes.json").write_text(json.dumps([*names[1:], names[0]]))
    return replace(domains, target=folder)


def test_labels_that_are_shifted_by_one_are_refused_before_any_training(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    shifted = with_shifted_labels(train_only, tmp_path / "shifted")
    with pytest.raises(DataError, match=r"labels that look permuted: what is labelled") as caught:
        run(shifted, pretrained, tmp_path / "run", {"shots": 8})
    assert str(caught.value).startswith(str(shifted.target))
    assert not (tmp_path / "run" / "model").exists()
    assert not (tmp_path / "run" / "model_run").exists()


def test_they_may_be_permitted(train_only: TinyDomains, pretrained: Path, tmp_path: Path) -> None:
    shifted = with_shifted_labels(train_only, tmp_path / "shifted")
    permitted = {"shots": 8, "permuted_labels": "warn"}
    result = run(shifted, pretrained, tmp_path / "run", permitted)
    assert (result.folder / "model").exists()
