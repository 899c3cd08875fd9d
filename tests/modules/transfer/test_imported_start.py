"""A warm start from an imported model, with no source images to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modules.core.errors import ConfigError
from modules.models.checkpointing import read_checkpoint_metadata
from modules.training.jobs import ScratchJob
from modules.training.placement import TrainingPlacement
from modules.transfer.scratch_control import train_control
from modules.transfer.warm_start import run_warm_start
from tests.modules.models.imported.outside_models import run_import, save_as, strokes_model
from tests.modules.transfer.warm_start_result import Result
from tests.training_domain import (
    CLASS_NAMES,
    TRANSFER,
    TRANSFER_PLAN,
    TinyDomains,
    warm_start_job,
)

OTHER_NAMES = ("vertical", "horizontal", "slash")


@pytest.fixture(scope="module")
def models(tiny_domains: TinyDomains, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same network as a .keras file and as a SavedModel, imported; and under other names."""
    folder, original = tmp_path_factory.mktemp("models"), strokes_model()
    found = {
        kind: run_import(
            save_as(kind, original, folder / kind), tiny_domains, folder / f"{kind}_in"
        )
        for kind in ("keras", "saved_model")
    }
    file = folder / "keras" / "strokes.keras"
    found["renamed"] = run_import(file, tiny_domains, folder / "renamed", classes=OTHER_NAMES)
    return found


def start(
    model: Path, domains: TinyDomains, folder: Path, shots: int = 2, **transfer: Any
) -> Result:
    settings = TRANSFER.model_copy(update={"steps": 4, **transfer})
    plan = TRANSFER_PLAN.model_copy(update={"transfer": settings, "shots": shots})
    job = warm_start_job(domains, model, folder, plan)
    run_warm_start(job.model_copy(update={"source_examples": None}))
    return Result(folder)


@pytest.mark.parametrize("kind", ["keras", "saved_model"])
def test_every_weight_is_restored_and_trained_on_the_target_alone(
    kind: str, models: dict[str, Path], tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    result = start(models[kind], tiny_domains, tmp_path, method="fine_tune")
    metrics = result.record.metrics
    assert metrics["restored_output_difference"] < 1e-4
    assert "restored_source_accuracy" not in metrics
    assert not any(result.mapping[group] for group in ("missing", "unused", "shape_mismatch"))
    assert (result.record.steps, result.record.labelled_examples) == (4, 6)
    name = read_checkpoint_metadata(str(tmp_path / "model/checkpoint"))["network"]["name"]
    assert name == {"keras": "imported", "saved_model": "saved_graph"}[kind]


def test_unlabelled_images_are_learnt_from_without_a_source(
    models: dict[str, Path], tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    result = start(models["keras"], tiny_domains, tmp_path, method="auto")
    assert result.record.transfer["method"] == "information_maximization"
    assert "no source is given" in result.record.transfer["chosen_because"]
    assert "target_cross_entropy" in result.record.metrics
    assert "source_cross_entropy" not in result.record.metrics


def test_without_labels_the_restored_network_is_still_compared_with_the_model(
    models: dict[str, Path], tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    result = start(models["keras"], tiny_domains, tmp_path, shots=0, method="auto")
    assert result.record.transfer["method"] == "zero_shot"
    assert result.record.metrics["restored_output_difference"] < 1e-4


def test_a_class_that_the_model_does_not_know_gets_a_logit_and_the_probe_arm_knows_it(
    models: dict[str, Path], tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    result = start(models["renamed"], tiny_domains, tmp_path, method="fine_tune")
    classes = read_checkpoint_metadata(str(tmp_path / "model/checkpoint"))["class_names"]
    assert classes == [*OTHER_NAMES, "diagonal"]
    probe = read_checkpoint_metadata(str(tmp_path / "pretrained_arm/checkpoint"))
    assert set(probe["class_names"]) == set(CLASS_NAMES)
    assert result.mapping["rows"][-1]["origin"].startswith("from a linear probe of 2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "joint"}, "'joint' trains on images of the source, and none is given"),
        ({"method": "coral"}, "choose one of .*information_maximization"),
        ({"method": "information_maximization", "shots": 0}, "target.shots is 0 and no source"),
    ],
)
def test_what_needs_a_source_is_refused(
    changes: dict[str, Any],
    message: str,
    models: dict[str, Path],
    tiny_domains: TinyDomains,
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match=message):
        start(models["keras"], tiny_domains, tmp_path, **changes)


def test_the_scratch_control_trains_the_imported_layers_from_random_weights(
    models: dict[str, Path], tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    settings = TRANSFER.model_copy(update={"steps": 2})
    job = ScratchJob(
        plan=TRANSFER_PLAN.model_copy(update={"transfer": settings}),
        examples=str(tiny_domains.target),
        transform_graph=str(tiny_domains.transform_graph),
        model=str(tmp_path / "model"),
        model_run=str(tmp_path / "model_run"),
        base_model=str(models["keras"]),
    )
    train_control(job, TrainingPlacement.of_one_device())
    ours = read_checkpoint_metadata(str(tmp_path / "model/checkpoint"))
    theirs = read_checkpoint_metadata(str(models["keras"] / "checkpoint"))
    assert ours["variables"] == theirs["variables"]
    assert ours["fingerprint"] != theirs["fingerprint"]
