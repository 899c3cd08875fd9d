"""TransferEvaluator on examples that come in groups, and on an eval split that was asked before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tfx import types

from components.transfer_evaluator.attempts import count_attempt
from components.transfer_evaluator.executor import ATTEMPTS_KEY, Executor
from modules.core.arms import ARMS
from modules.core.errors import DataError
from modules.models.served_model import Answers
from tests.components.transfer_evaluator.scripted_evaluation import (
    BEAM_ARGS,
    Evaluation,
    component,
)
from tests.tiny_domain import describe_examples


def describe(evaluation: Evaluation, groups: int | None = None, content: str = "abc") -> None:
    """Writes what ImageExampleGen says about the target's examples."""
    counts = None if groups is None else {"train": 0, "eval": groups}
    describe_examples(*evaluation.inputs["target_examples"], groups=counts, eval_content=content)


def put_into_groups(evaluation: Evaluation, size: int) -> None:
    """Gives consecutive examples the same group."""
    (target,) = evaluation.inputs["target_examples"]
    for path in sorted(Path(target.uri, "Split-eval").iterdir()):
        records = list(tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for record in records:
                example = tf.train.Example.FromString(record)
                feature = example.features.feature
                (name,) = feature["example_id"].bytes_list.value
                group = b"writer %d" % (int(name[-8:]) // size)
                feature["group"].bytes_list.value.append(group)
                writer.write(example.SerializeToString())


def run(evaluation: Evaluation, attempts: Path | None = None) -> dict[str, Any]:
    properties = component().exec_properties
    if attempts:
        properties[ATTEMPTS_KEY] = str(attempts)
    Executor(Executor.Context(beam_pipeline_args=BEAM_ARGS)).Do(
        evaluation.inputs,
        {"evaluation": [evaluation.evaluation], "blessing": [evaluation.blessing]},
        properties,
    )
    return json.loads(Path(evaluation.evaluation.uri, "evaluation.json").read_text())


def answers(*right: bool) -> dict[str, Answers]:
    """Three arms that answer alike."""
    given = Answers(
        [f"eval/{number}" for number in range(len(right))],
        np.zeros(len(right), np.int64),
        np.where(right, 0, 1),
        np.ones(len(right), np.float32),
    )
    return dict.fromkeys(ARMS, given)


def test_groups_are_judged_as_groups(tmp_path: Path, models: dict[str, types.Artifact]) -> None:
    # All that the warm start gains, it gains with writers 8 to 11 of 12.
    evaluation = Evaluation(tmp_path, models, right=(200, 220, 290))
    describe(evaluation, groups=12)
    put_into_groups(evaluation, 25)
    report = run(evaluation)
    assert report["assumptions"] == {"independent": False, "groups": 12}
    assert report["attempt"] == {"number": None, "level": pytest.approx(0.05)}
    assert report["verdict"] == "not_blessed"
    assert "exact sign-flip test of groups p = 0.12" in report["reasons"][0]
    low, high = report["arms"]["pretrained"]["ci95"]
    assert high - low > 0.4


def test_without_groups_each_example_is_evidence_and_attempts_are_counted(
    tmp_path: Path, models: dict[str, types.Artifact]
) -> None:
    for earlier in (True, False):
        count_attempt(str(tmp_path / "attempts"), "abc", answers(earlier))
    evaluation = Evaluation(tmp_path, models, right=(200, 220, 290))
    describe(evaluation, content="abc")
    report = run(evaluation, tmp_path / "attempts")
    assert report["assumptions"] == {"independent": True, "groups": None}
    assert report["attempt"] == {"number": 3, "level": pytest.approx(0.05 / 6)}
    assert report["verdict"] == "blessed"
    assert "attempt 3 on this eval split" in report["reasons"][-1]


def test_examples_that_lost_their_groups_are_refused(
    tmp_path: Path, models: dict[str, types.Artifact]
) -> None:
    evaluation = Evaluation(tmp_path, models)
    describe(evaluation, groups=12)
    with pytest.raises(DataError, match="examples with the feature 'group', found none"):
        run(evaluation)


def test_other_answers_are_another_attempt_and_the_same_are_not(tmp_path: Path) -> None:
    folder = str(tmp_path / "attempts")
    assert count_attempt(folder, "abc", answers(True, False)) == 1
    assert count_attempt(folder, "abc", answers(False, True)) == 2
    assert count_attempt(folder, "abc", answers(True, True)) == 3
    assert count_attempt(folder, "abc", answers(True, False)) == 1


def test_new_eval_data_start_at_one(tmp_path: Path) -> None:
    folder = str(tmp_path / "attempts")
    assert count_attempt(folder, "abc", answers(True)) == 1
    assert count_attempt(folder, "def", answers(False)) == 1


def test_a_damaged_memory_is_named(tmp_path: Path) -> None:
    count_attempt(str(tmp_path), "abc", answers(True))
    (path,) = tmp_path.glob("*/*.json")
    path.write_text("[")
    with pytest.raises(DataError, match=f"{path}: expected the number of an attempt"):
        count_attempt(str(tmp_path), "abc", answers(False))
