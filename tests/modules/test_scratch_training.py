"""The scratch control: same examples and budget as the warm start, but random initial weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import DataError
from modules.scratch_training import run_fn
from modules.settings import EarlyStoppingSettings
from modules.training.record import TrainingRecord
from tests.training_domain import (
    CLASS_NAMES,
    TRANSFER,
    TRANSFER_PLAN,
    TinyDomains,
    fn_args,
    stroke_records,
)


def train(domains: TinyDomains, output: Path, shots: int | str, **changes: object) -> Path:
    transfer = TRANSFER.model_copy(update={"steps": 60, "batch_size": 12, **changes})
    plan = TRANSFER_PLAN.model_copy(update={"transfer": transfer, "shots": shots})
    run_fn(fn_args(domains.target, domains.transform_graph, output, plan))
    return output


def accuracy_on_the_target(output: Path) -> float:
    model = tf.saved_model.load(str(output / "model" / "Format-Serving"))
    records = stroke_records(10, seed=9, thickness=3, brightness=120)
    answers = model.signatures["serving_default"](examples=tf.constant(records))
    expected = [CLASS_NAMES[index % 3].encode() for index in range(len(records))]
    return float(np.mean(answers["class_name"].numpy() == expected))


def test_it_learns_from_the_shots_with_the_whole_budget(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    output = train(tiny_domains, tmp_path, shots=6)
    record = TrainingRecord.read(str(output / "model_run"))
    assert (record.arm, record.steps, record.labelled_examples) == ("scratch", 60, 18)
    assert len(set(record.labelled_example_ids)) == 18
    assert record.labelled_example_ids == sorted(record.labelled_example_ids)
    assert accuracy_on_the_target(output) > 0.6


def test_it_ends_early_by_the_rule_of_the_warm_start(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    # No loss falls that far: the two windows after the first one are no improvement.
    rule = EarlyStoppingSettings(min_delta=100.0, window=2, patience=2)
    output = train(tiny_domains, tmp_path, shots=6, early_stopping=rule)
    record = TrainingRecord.read(str(output / "model_run"))
    assert record.steps == 6
    assert record.stopped == "the mean loss of 2 steps fell by less than 100 within 4 steps"


def test_without_shots_the_untrained_network_is_the_control(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    output = train(tiny_domains, tmp_path, shots=0)
    record = TrainingRecord.read(str(output / "model_run"))
    assert (record.steps, record.labelled_examples, record.labelled_example_ids) == (0, 0, [])
    assert accuracy_on_the_target(output) < 0.7


def test_neither_the_eval_split_nor_the_source_is_read(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    shutil.copytree(tiny_domains.target, target)
    shutil.rmtree(target / "Split-eval")
    domains = TinyDomains(tmp_path / "nowhere", target, tiny_domains.transform_graph)
    train(domains, tmp_path / "output", shots=1, steps=2)


def test_more_shots_than_a_class_has_are_refused(tiny_domains: TinyDomains, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"9 labelled examples of class 'vertical'.*found 8"):
        train(tiny_domains, tmp_path, shots=9)
    assert not (tmp_path / "model").exists()
