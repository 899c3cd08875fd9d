"""The warm start: restored exactly, proven, trained with a method, saved."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import ConfigError
from modules.domains.label_space import LabelSpace
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import index_examples
from modules.models.checkpointing import read_checkpoint_variables
from modules.settings import EarlyStoppingSettings
from modules.training.placement import TrainingPlacement
from modules.training.resumption import IDENTITY_FILE
from modules.transfer.warm_start import WarmStart
from tests.modules.transfer.warm_start_result import Result, run
from tests.training_domain import (
    CLASS_NAMES,
    NETWORK,
    TRANSFER_PLAN,
    TinyDomains,
    stroke_records,
)


def probabilities(model: Path) -> np.ndarray:
    records = tf.constant(stroke_records(5, seed=9))
    served = tf.saved_model.load(str(model / "Format-Serving"))
    return served.signatures["serving_default"](examples=records)["probabilities"].numpy()


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
    record = joint.record
    assert (record.arm, record.steps, record.precision) == ("warm_start", 12, "float32")
    assert {"loss", "source_cross_entropy", "target_cross_entropy", "center_loss"} <= set(
        record.metrics
    )
    before = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    assert all(not np.array_equal(before[name], joint.weights[name]) for name in before)


def test_the_record_tells_that_centers_of_few_examples_were_held(
    joint: Result, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    assert joint.record.metrics["held_centers"] == 0
    alone = run(train_only, pretrained, tmp_path, {"shots": 1}, method="center_loss")
    assert alone.record.metrics["held_centers"] == 3


def test_it_ends_early_once_its_loss_has_ceased_to_fall(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    # No loss falls that far: the two windows after the first one are no improvement.
    rule = EarlyStoppingSettings(min_delta=100.0, window=2, patience=2)
    record = run(train_only, pretrained, tmp_path, early_stopping=rule).record
    assert record.steps == 6
    assert record.stopped == "the mean loss of 2 steps fell by less than 100 within 4 steps"


def test_the_shots_are_those_of_the_seed(joint: Result, train_only: TinyDomains) -> None:
    index = index_examples([str(train_only.target / "Split-train" / "*")])
    rows = draw_shots(index.labels, index.example_ids, 2, 0, ["a", "b", "c"])
    assert joint.record.labelled_example_ids == [i.decode() for i in index.example_ids[rows]]
    assert joint.record.labelled_examples == 6


def test_the_model_serves_and_can_be_warm_started_from_again(
    joint: Result, train_only: TinyDomains, tmp_path: Path
) -> None:
    assert probabilities(joint.folder / "model").shape == (15, 3)
    again = run(train_only, joint.folder, tmp_path, method="zero_shot")
    np.testing.assert_array_equal(again.weights["conv1/kernel"], joint.weights["conv1/kernel"])


def test_the_same_seed_gives_the_same_weights(
    joint: Result, train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    again = run(train_only, pretrained, tmp_path)
    for name, weight in joint.weights.items():
        np.testing.assert_array_equal(weight, again.weights[name])


def test_estimates_come_first_and_change_no_weight(
    joint: Result,
    train_only: TinyDomains,
    pretrained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    estimates = json.loads((joint.folder / "mapping_report" / "transferability.json").read_text())
    assert set(estimates) == {"leep", "log_me", "h_score"}
    assert all(isinstance(estimate["value"], float) for estimate in estimates.values())
    monkeypatch.setattr("modules.transfer.warm_start.estimate_transferability", lambda *_: {})
    without = run(train_only, pretrained, tmp_path)
    for name, weight in joint.weights.items():
        np.testing.assert_array_equal(weight, without.weights[name])


def test_an_interrupted_warm_start_ends_as_an_undisturbed_one(
    joint: Result,
    train_only: TinyDomains,
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
        resumed = run(train_only, pretrained, tmp_path)
    assert "Resumed from step 10." in caplog.messages
    for name, weight in joint.weights.items():
        np.testing.assert_array_equal(weight, resumed.weights[name])


@pytest.mark.parametrize("restore", ["rebuild", "graph"])
def test_zero_shot_is_the_pretrained_model(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path, restore: str
) -> None:
    still = {"method": "zero_shot", "restore": restore}
    result = run(train_only, pretrained, tmp_path, {"shots": 0}, **still)
    assert (result.record.steps, result.record.labelled_examples) == (0, 0)
    assert "restored_target_accuracy" not in result.record.metrics
    np.testing.assert_allclose(
        probabilities(tmp_path / "model"), probabilities(pretrained / "model"), atol=1e-5
    )


def test_the_saved_graph_is_trained_on_without_the_networks_code(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    unknown = NETWORK.model_copy(update={"name": "a network whose code is gone"})
    graph = {"method": "fine_tune", "restore": "graph", "frozen_layers": ("conv1",)}
    result = run(train_only, pretrained, tmp_path, {"network": unknown}, **graph)
    before = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    np.testing.assert_array_equal(before["conv1/kernel"], result.weights["conv1/kernel"])
    assert not np.array_equal(before["conv2/kernel"], result.weights["conv2/kernel"])
    assert result.record.precision == "float32"
    assert result.mapping["restored"]
    assert probabilities(tmp_path / "model").shape == (15, 3)


def test_frozen_layers_keep_the_pretrained_weights(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    frozen = ("conv1", "conv2")
    result = run(train_only, pretrained, tmp_path, method="fine_tune", frozen_layers=frozen)
    before = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    np.testing.assert_array_equal(before["conv2/kernel"], result.weights["conv2/kernel"])
    assert not np.array_equal(before["logits/kernel"], result.weights["logits/kernel"])


def test_a_target_with_a_new_class_gets_a_row_for_it_without_any_announcement(
    train_only: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    shutil.copytree(train_only.target, target)
    (target / "classes.json").write_text('["vertical", "crooked", "diagonal"]')
    other = replace(train_only, target=target)
    plain: dict[str, Any] = {"method": "fine_tune", "new_classes": "fresh"}
    result = run(other, pretrained, tmp_path / "fresh", **plain)
    assert result.weights["logits/kernel"].shape == (1024, 4)
    assert result.mapping["rows"][3] == {
        "class_name": "crooked",
        "origin": "fresh",
        "why": "the pretrained model does not have this class",
    }
    assert not result.mapping["shape_mismatch"]
    assert result.record.metrics["restored_output_difference"] < 1e-4


@pytest.mark.parametrize(
    ("changes", "transfer", "message"),
    [
        ({}, {"method": "coral"}, "'coral' cannot do a target.*with crooked; without horizontal"),
        ({"shots": 0}, {"method": "zero_shot"}, "'zero_shot' cannot do a target"),
        ({"shots": 0}, {"method": "pseudo_labels"}, r"target\.shots is 0.* have class crooked"),
        ({}, {"restore": "graph"}, "a saved graph has logits for the source's classes alone"),
    ],
)
def test_what_cannot_be_done_with_new_classes_is_refused_before_anything_is_written(
    train_only: TinyDomains,
    pretrained: Path,
    tmp_path: Path,
    changes: dict[str, Any],
    transfer: dict[str, Any],
    message: str,
) -> None:
    target = tmp_path / "target"
    shutil.copytree(train_only.target, target)
    (target / "classes.json").write_text('["vertical", "crooked", "diagonal"]')
    with pytest.raises(ConfigError, match=f"{message}.*target.class_map"):
        run(replace(train_only, target=target), pretrained, tmp_path, changes, **transfer)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["target"]


def test_a_copy_of_the_network_has_the_restored_weights(
    train_only: TinyDomains, pretrained: Path
) -> None:
    base_model, here = str(pretrained / "model"), TrainingPlacement.of_one_device()
    space = LabelSpace(CLASS_NAMES, CLASS_NAMES)
    warm_start = WarmStart(TRANSFER_PLAN, base_model, space, here)
    network, _ = warm_start.restore()
    copy, _ = warm_start.restore()
    assert network is not copy
    for left, right in zip(network.variables, copy.variables, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())
