"""The source's training as TFX's Trainer starts it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import DataError
from modules.models.checkpointing import read_checkpoint_metadata, read_checkpoint_variables
from modules.pretraining import run_fn
from modules.training.loop import TrainingLoop
from modules.training.record import TrainingRecord
from tests.training_domain import (
    CLASS_NAMES,
    NETWORK,
    PREPROCESSING,
    PRETRAINING_PLAN,
    TinyDomains,
    fn_args,
    stroke_records,
)


def train(domains: TinyDomains, output: Path, **changes: object) -> Path:
    plan = PRETRAINING_PLAN.model_copy(update=changes)
    run_fn(fn_args(domains.source, domains.transform_graph, output, plan))
    return output


def test_the_model_has_learnt_the_source(pretrained: Path) -> None:
    model = tf.saved_model.load(str(pretrained / "model" / "Format-Serving"))
    records = stroke_records(10, seed=9)
    answers = model.signatures["serving_default"](examples=tf.constant(records))
    expected = [CLASS_NAMES[index % 3].encode() for index in range(len(records))]
    assert np.mean(answers["class_name"].numpy() == expected) > 0.8


def test_the_checkpoint_says_what_network_and_classes_it_belongs_to(pretrained: Path) -> None:
    metadata = read_checkpoint_metadata(str(pretrained / "model" / "checkpoint"))
    assert metadata["network"] == NETWORK.model_dump()
    assert metadata["num_classes"] == 3
    assert metadata["class_names"] == list(CLASS_NAMES)


def test_the_record_says_what_was_done(pretrained: Path) -> None:
    record = TrainingRecord.read(str(pretrained / "model_run"))
    assert (record.arm, record.steps, record.precision) == ("pretrained", 30, "float32")
    assert (record.labelled_examples, record.labelled_example_ids) == (90, [])
    assert record.seed == 0
    # Of the steps alone: saving and starting up do not count.
    assert record.examples_per_second > 30 * 24 / record.seconds
    assert record.metrics["loss"] < 0.7
    # A pass over 90 images in batches of 24: the fourth batch has images that were met before.
    assert record.metrics["first_pass_steps"] == 3


def test_the_contract_of_training_json_is_kept(pretrained: Path) -> None:
    record = json.loads((pretrained / "model_run" / "training.json").read_text())
    assert set(record) == {
        "arm",
        "steps",
        "stopped",
        "seconds",
        "examples_per_second",
        "precision",
        "labelled_examples",
        "labelled_example_ids",
        "seed",
        "metrics",
        "transfer",
    }


def test_smoothed_labels_keep_the_loss_above_their_entropy(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    smoothed = PRETRAINING_PLAN.pretraining.model_copy(update={"label_smoothing": 0.5})
    output = train(tiny_domains, tmp_path, pretraining=smoothed)
    shares = np.array([2 / 3, 1 / 6, 1 / 6])
    entropy = -np.sum(shares * np.log(shares))
    assert TrainingRecord.read(str(output / "model_run")).metrics["loss"] >= entropy - 1e-3


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    pretrained: Path, tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    first = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    again = train(tiny_domains, tmp_path / "again")
    other = train(tiny_domains, tmp_path / "other", seed=1)
    same = read_checkpoint_variables(str(again / "model" / "checkpoint"))
    different = read_checkpoint_variables(str(other / "model" / "checkpoint"))
    for name, value in first.items():
        np.testing.assert_array_equal(value, same[name])
    assert any(not np.array_equal(value, different[name]) for name, value in first.items())


def test_a_killed_training_resumes_from_what_it_left_beside(
    pretrained: Path, tiny_domains: TinyDomains, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(loop: TrainingLoop, losses: object, step: int) -> None:
        if step == 25:
            raise KeyboardInterrupt

    monkeypatch.setattr(TrainingLoop, "_summarise", killed)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_domains, tmp_path / "killed")
    monkeypatch.undo()
    (tmp_path / "next").mkdir()
    left = (tmp_path / "killed" / "model_run").rename(tmp_path / "next" / "killed_run")
    train(tiny_domains, tmp_path / "next")
    assert not left.exists()
    resumed = read_checkpoint_variables(str(tmp_path / "next" / "model" / "checkpoint"))
    for name, value in read_checkpoint_variables(str(pretrained / "model" / "checkpoint")).items():
        np.testing.assert_array_equal(value, resumed[name])


def test_robust_augmentation_changes_what_is_learnt(
    pretrained: Path, tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    robust = PREPROCESSING.model_copy(update={"augmentation": "robust"})
    output = train(tiny_domains, tmp_path, preprocessing=robust)
    plain = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    distorted = read_checkpoint_variables(str(output / "model" / "checkpoint"))
    assert not np.array_equal(plain["conv1/kernel"], distorted["conv1/kernel"])


def test_a_training_without_class_names_is_refused_and_leaves_no_record(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    examples = tmp_path / "examples"
    shutil.copytree(tiny_domains.source, examples)
    (examples / "classes.json").unlink()
    domains = TinyDomains(examples, tiny_domains.target, tiny_domains.transform_graph)
    with pytest.raises(DataError, match="class names"):
        train(domains, tmp_path / "output")
    assert not (tmp_path / "output" / "model_run" / "training.json").exists()


def test_turned_classes_are_learnt_beside_the_source_s_and_left_out_of_the_model(
    pretrained: Path, tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    settings = PRETRAINING_PLAN.pretraining.model_copy(update={"turned_classes": True})
    turned = train(tiny_domains, tmp_path, pretraining=settings)
    metadata = read_checkpoint_metadata(str(turned / "model" / "checkpoint"))
    assert metadata["class_names"] == list(CLASS_NAMES)
    weights = read_checkpoint_variables(str(turned / "model" / "checkpoint"))
    assert weights["logits/kernel"].shape == (1024, 3)
    upright = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))
    assert not np.array_equal(weights["conv1/kernel"], upright["conv1/kernel"])
    assert TrainingRecord.read(str(turned / "model_run")).labelled_examples == 90
