"""The files of an evaluation, against scikit-learn."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from modules.evaluation.evaluation_report import arm_report, predictions_csv
from modules.evaluation.paired_statistics import wilson_interval
from modules.models.served_model import Answers


def answers(labels: list[int], predicted: list[int]) -> Answers:
    return Answers(
        example_ids=[f"eval/{index:08d}" for index in range(len(labels))],
        labels=np.array(labels, np.int64),
        predicted=np.array(predicted, np.int64),
        confidence=np.linspace(0.5, 1.0, len(labels), dtype=np.float32),
    )


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=200),
)
def test_arm_report_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = (list(column) for column in zip(*pairs, strict=True))
    report = arm_report(answers(labels, predicted), ["a", "b", "c", "d"])
    assert report["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
    assert report["confusion"] == confusion_matrix(labels, predicted, labels=range(4)).tolist()
    recalls = recall_score(labels, predicted, labels=range(4), average=None, zero_division=0)
    for name, label, recall in zip("abcd", range(4), recalls, strict=True):
        class_report = report["per_class"][name]
        assert class_report["total"] == labels.count(label)
        assert class_report["accuracy"] == (
            pytest.approx(recall) if class_report["total"] else None
        )
    correct, total = report["correct"], report["total"]
    assert (correct, total) == (sum(a == b for a, b in pairs), len(pairs))
    assert report["ci95"] == list(wilson_interval(correct, total))


def test_a_class_without_examples_has_neither_accuracy_nor_interval() -> None:
    report = arm_report(answers([0], [0]), ["seen", "unseen"])
    assert (
        report["per_class"]["unseen"]["accuracy"] is report["per_class"]["unseen"]["ci95"] is None
    )


def test_intervals_of_groups_are_wider_overall_and_by_class() -> None:
    # Twelve writers: of six everything is read, of six nothing.
    labels = np.arange(240) % 2
    writers = np.arange(240) // 20
    given = answers(labels.tolist(), np.where(writers < 6, labels, 1 - labels).tolist())
    alone, grouped = (arm_report(given, ["a", "b"], groups) for groups in (None, writers))

    def width(report: dict[str, Any]) -> float:
        return float(report["ci95"][1] - report["ci95"][0])

    assert width(grouped) > 3 * width(alone)
    assert width(grouped["per_class"]["a"]) > 2 * width(alone["per_class"]["a"])
    assert grouped["accuracy"] == alone["accuracy"] == 0.5


def test_predictions_list_every_example_with_each_arms_answer() -> None:
    arms = {
        "pretrained": answers([0, 1], [1, 1]),
        "scratch": answers([0, 1], [0, 0]),
        "warm_start": answers([0, 1], [0, 1]),
    }
    first, second = csv.DictReader(io.StringIO(predictions_csv(arms)))
    assert first == {
        "example_id": "eval/00000000",
        "label": "0",
        "pretrained_label": "1",
        "pretrained_confidence": "0.500000",
        "scratch_label": "0",
        "scratch_confidence": "0.500000",
        "warm_start_label": "0",
        "warm_start_confidence": "0.500000",
    }
    assert second["warm_start_label"] == "1"
    assert second["warm_start_confidence"] == "1.000000"
