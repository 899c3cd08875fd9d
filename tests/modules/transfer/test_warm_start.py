"""The warm start: restored exactly, proven, trained with a method, saved."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import ConfigError, DataError, WarmStartMappingError
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import index_examples
from modules.models.artifact import write_model_checksums
from modules.models.checkpointing import read_checkpoint_variables
from modules.settings import Shots
from modules.training.record import TrainingRecord
from modules.training.resumption import IDENTITY_FILE
from modules.transfer.warm_start import WarmStart
from tests.training_domain import (
    NETWORK,
    PREPROCESSING,
    TRAINING,
    TRANSFER,
    TinyDomains,
    stroke_records,
)


@dataclass(frozen=True)
class Result:
    folder: Path
    record: TrainingRecord

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return read_checkpoint_variables(str(self.folder / "model" / "checkpoint"))

    @property
    def mapping(self) -> dict[str, Any]:
        return json.loads((self.folder / "mapping" / "mapping_report.json").read_text())


@pytest.fixture(scope="module")
def domains(tiny_domains: TinyDomains, tmp_path_factory: pytest.TempPathFactory) -> TinyDomains:
    """The tiny domains without their eval splits: every test here shows that none is read."""
    folder = tmp_path_factory.mktemp("train_only")
    for name in ("source", "target"):
        shutil.copytree(getattr(tiny_domains, name), folder / name)
        shutil.rmtree(folder / name / "Split-eval")
    return TinyDomains(folder / "source", folder / "target", tiny_domains.transform_graph)


def warm_start(
    domains: TinyDomains, pretrained: Path, shots: Shots = 2, seed: int = 0, **transfer: Any
) -> WarmStart:
    return WarmStart(
        target_examples=str(domains.target),
        source_examples=str(domains.source),
        transform_graph=str(domains.transform_graph),
        base_model=str(pretrained / "model"),
        network=NETWORK,
        preprocessing=PREPROCESSING,
        training=TRAINING,
        transfer=TRANSFER.model_copy(update=transfer),
        shots=shots,
        seed=seed,
        source_fingerprint="test",
    )


def run(job: WarmStart, folder: Path) -> Result:
    names = ("model", "model_run", "mapping")
    return Result(folder, job.run(*(str(folder / name) for name in names)))


def probabilities(model: Path) -> np.ndarray:
    records = tf.constant(stroke_records(5, seed=9))
    served = tf.saved_model.load(str(model / "Format-Serving"))
    return served.signatures["serving_default"](examples=records)["probabilities"].numpy()


@pytest.fixture(scope="module")
def joint(
    domains: TinyDomains, pretrained: Path, tmp_path_factory: pytest.TempPathFactory
) -> Result:
    return run(warm_start(domains, pretrained), tmp_path_factory.mktemp("joint"))


def test_every_weight_is_restored_and_reported(joint: Result) -> None:
    assert list(joint.mapping["restored"]) == [
        f"{layer}/{weight}"
        for layer in ("conv1", "conv2", "features", "logits")
        for weight in ("kernel", "bias")
    ]
    assert not any(joint.mapping[group] for group in ("missing", "unused", "shape_mismatch"))


def test_the_restored_network_is_proven_before_the_first_step(joint: Result) -> None:
    assert joint.record.metrics["restored_source_accuracy"] > 0.8
    assert 0 <= joint.record.metrics["restored_target_accuracy"] <= 1
    assert joint.record.metrics["restored_output_difference"] < 1e-4


def test_it_was_trained_for_all_steps_on_both_domains(joint: Result, pretrained: Path) -> None:
    record = TrainingRecord.read(str(joint.folder / "model_run"))
    assert record == joint.record
    assert (record.arm, record.steps, record.precision) == ("warm_start", 12, "float32")
    assert {"loss", "source_cross_entropy", "target_cross_entropy", "center_loss"} <= set(
        record.metrics
    )
    before = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    assert all(not np.array_equal(before[name], joint.weights[name]) for name in before)


def test_the_record_tells_that_centers_of_few_examples_were_held(
    joint: Result, domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    assert joint.record.metrics["held_centers"] == 0
    alone = run(warm_start(domains, pretrained, shots=1, method="center_loss"), tmp_path)
    assert alone.record.metrics["held_centers"] == 3


def test_the_shots_are_those_of_the_seed(joint: Result, domains: TinyDomains) -> None:
    index = index_examples([str(domains.target / "Split-train" / "*")])
    rows = draw_shots(index.labels, index.example_ids, 2, 0, ["a", "b", "c"])
    assert joint.record.labelled_example_ids == [i.decode() for i in index.example_ids[rows]]
    assert joint.record.labelled_examples == 6


def test_the_model_serves_and_can_be_warm_started_from_again(
    joint: Result, domains: TinyDomains, tmp_path: Path
) -> None:
    assert probabilities(joint.folder / "model").shape == (15, 3)
    again = run(warm_start(domains, joint.folder, method="zero_shot"), tmp_path)
    np.testing.assert_array_equal(again.weights["conv1/kernel"], joint.weights["conv1/kernel"])


def test_the_same_seed_gives_the_same_weights(
    joint: Result, domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    again = run(warm_start(domains, pretrained), tmp_path)
    for name, weight in joint.weights.items():
        np.testing.assert_array_equal(weight, again.weights[name])


def test_estimates_come_first_and_change_no_weight(
    joint: Result,
    domains: TinyDomains,
    pretrained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    estimates = json.loads((joint.folder / "mapping" / "transferability.json").read_text())
    assert set(estimates) == {"leep", "log_me", "h_score"}
    assert all(isinstance(estimate["value"], float) for estimate in estimates.values())
    monkeypatch.setattr("modules.transfer.warm_start.estimate_transferability", lambda *_: {})
    without = run(warm_start(domains, pretrained), tmp_path)
    for name, weight in joint.weights.items():
        np.testing.assert_array_equal(weight, without.weights[name])


def test_an_interrupted_warm_start_ends_as_an_undisturbed_one(
    joint: Result,
    domains: TinyDomains,
    pretrained: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # What a killed task leaves: the checkpoints up to then, and neither model nor record.
    for file in (joint.folder / "model_run" / "training_checkpoints").glob("ckpt-10.*"):
        (tmp_path / "model_run" / "training_checkpoints").mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "model_run" / "training_checkpoints")
    shutil.copy(joint.folder / "model_run" / IDENTITY_FILE, tmp_path / "model_run")
    state = tmp_path / "model_run" / "training_checkpoints" / "checkpoint"
    state.write_text('model_checkpoint_path: "ckpt-10"\nall_model_checkpoint_paths: "ckpt-10"\n')
    with caplog.at_level(logging.INFO):
        resumed = run(warm_start(domains, pretrained), tmp_path)
    assert "Resumed from step 10." in caplog.messages
    for name, weight in joint.weights.items():
        np.testing.assert_array_equal(weight, resumed.weights[name])


@pytest.mark.parametrize("restore", ["rebuild", "graph"])
def test_zero_shot_is_the_pretrained_model(
    domains: TinyDomains, pretrained: Path, tmp_path: Path, restore: str
) -> None:
    result = run(
        warm_start(domains, pretrained, shots=0, method="zero_shot", restore=restore), tmp_path
    )
    assert (result.record.steps, result.record.labelled_examples) == (0, 0)
    assert "restored_target_accuracy" not in result.record.metrics
    np.testing.assert_allclose(
        probabilities(tmp_path / "model"), probabilities(pretrained / "model"), atol=1e-5
    )


def test_the_saved_graph_is_trained_on_without_the_networks_code(
    domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    job = warm_start(
        domains, pretrained, method="fine_tune", restore="graph", frozen_layers=("conv1",)
    )
    unknown = NETWORK.model_copy(update={"name": "a network whose code is gone"})
    result = run(replace(job, network=unknown), tmp_path)
    before = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    np.testing.assert_array_equal(before["conv1/kernel"], result.weights["conv1/kernel"])
    assert not np.array_equal(before["conv2/kernel"], result.weights["conv2/kernel"])
    assert result.record.precision == "float32"
    assert result.mapping["restored"]
    assert probabilities(tmp_path / "model").shape == (15, 3)


def test_frozen_layers_keep_the_pretrained_weights(
    domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    job = warm_start(domains, pretrained, method="fine_tune", frozen_layers=("conv1", "conv2"))
    result = run(job, tmp_path)
    before = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    np.testing.assert_array_equal(before["conv2/kernel"], result.weights["conv2/kernel"])
    assert not np.array_equal(before["logits/kernel"], result.weights["logits/kernel"])


def test_a_network_of_another_shape_is_refused_by_name(
    domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    job = replace(
        warm_start(domains, pretrained), network=NETWORK.model_copy(update={"image_size": 16})
    )
    with pytest.raises(WarmStartMappingError, match="features/kernel"):
        run(job, tmp_path)
    assert not (tmp_path / "model").exists()


def test_a_target_with_other_classes_gets_a_new_head_if_that_is_announced(
    domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    shutil.copytree(domains.target, target)
    (target / "classes.json").write_text('["vertical", "horizontal", "diagonal", "none"]')
    other = replace(domains, target=target)
    with pytest.raises(ConfigError, match="'joint' needs a target with the source's classes"):
        run(warm_start(other, pretrained), tmp_path)
    with pytest.raises(WarmStartMappingError, match="logits/kernel"):
        run(warm_start(other, pretrained, shots="all", method="fine_tune"), tmp_path)
    announced: dict[str, Any] = {"method": "fine_tune", "expected_mismatched": ("logits",)}
    result = run(warm_start(other, pretrained, shots="all", **announced), tmp_path)
    assert set(result.mapping["shape_mismatch"]) == {"logits/kernel", "logits/bias"}
    assert result.weights["logits/kernel"].shape == (1024, 4)
    assert "restored_output_difference" not in result.record.metrics
    with pytest.raises(ConfigError, match="3 classes apart, the target has 4"):
        run(warm_start(other, pretrained, "all", method="fine_tune", restore="graph"), tmp_path)


def test_a_checkpoint_that_is_not_the_models_own_is_found_out(
    joint: Result, domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    mixed = tmp_path / "mixed" / "model"
    shutil.copytree(pretrained / "model" / "Format-Serving", mixed / "Format-Serving")
    shutil.copytree(joint.folder / "model" / "checkpoint", mixed / "checkpoint")
    write_model_checksums(str(mixed))
    with pytest.raises(WarmStartMappingError, match=r"outputs differ.*run the pretraining again"):
        run(warm_start(domains, mixed.parent), tmp_path)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("restore", ["rebuild", "graph"])
@pytest.mark.parametrize(
    "file",
    ["checkpoint/variables.data-00000-of-00001", "checkpoint/network.json"]
    + [f"Format-Serving/{name}" for name in ("saved_model.pb", "variables/variables.index")],
)
def test_a_pretrained_model_that_was_tampered_with_is_refused(
    domains: TinyDomains, pretrained: Path, tmp_path: Path, file: str, restore: str
) -> None:
    shutil.copytree(pretrained / "model", tmp_path / "tampered" / "model")
    path = tmp_path / "tampered" / "model" / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"{file}: expected what was written.*changed since"):
        run(warm_start(domains, tmp_path / "tampered", restore=restore), tmp_path)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("method", ["fine_tune", "joint"])
def test_a_method_that_needs_shots_is_refused_without(
    domains: TinyDomains, pretrained: Path, tmp_path: Path, method: str
) -> None:
    with pytest.raises(ConfigError, match=r"target\.shots is 0.*zero_shot"):
        run(warm_start(domains, pretrained, shots=0, method=method), tmp_path)


def test_more_shots_than_there_are_examples_are_refused(
    domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="9 labelled examples"):
        run(warm_start(domains, pretrained, shots=9), tmp_path)


def test_a_copy_of_the_network_has_the_restored_weights(
    domains: TinyDomains, pretrained: Path
) -> None:
    network, _ = warm_start(domains, pretrained).restore_network(["a", "b", "c"])
    copy, _ = warm_start(domains, pretrained).restore_network(["a", "b", "c"])
    assert network is not copy
    for left, right in zip(network.variables, copy.variables, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())
