"""Predictions as the evaluator lists them, and which examples are hard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modules.core.arms import ARMS
from modules.core.errors import DataError
from modules.evaluation.evaluation_report import predictions_csv
from modules.models.served_model import Answers
from modules.report.evidence.predictions import Predictions, read_predictions


def answers(predicted: list[int], confidence: list[float]) -> Answers:
    labels = np.array([0, 1, 2, 0], np.int64)
    ids = [f"eval/{number:08d}" for number in range(4)]
    return Answers(ids, labels, np.array(predicted), np.array(confidence, np.float32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    perfect = answers([0, 1, 2, 0], [0.9, 0.8, 0.7, 0.6])
    warm_start = answers([0, 2, 1, 0], [0.99, 0.5, 0.95, 0.4])
    text = predictions_csv(dict.fromkeys(ARMS, perfect) | {"warm_start": warm_start})
    (tmp_path / "predictions.csv").write_text(text)
    return tmp_path


@pytest.fixture
def predictions(folder: Path) -> Predictions:
    return read_predictions(str(folder))


def test_it_reads_what_the_evaluator_writes(predictions: Predictions) -> None:
    assert predictions.example_ids[2] == "eval/00000002"
    assert predictions.labels.tolist() == [0, 1, 2, 0]
    assert predictions.predicted["warm_start"].tolist() == [0, 2, 1, 0]
    assert predictions.confidence["pretrained"].tolist() == [0.9, 0.8, 0.7, 0.6]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\x0b", "\x85", "\u2028", '"', ","])
def test_ids_may_hold_all_that_a_files_name_may(tmp_path: Path, separator: str) -> None:
    ids = [f"eval/{separator}{number}{separator}.png" for number in range(4)]
    named = replace(answers([0, 1, 2, 0], [0.9, 0.8, 0.7, 0.6]), example_ids=ids)
    text = predictions_csv(dict.fromkeys(ARMS, named))
    (tmp_path / "predictions.csv").write_bytes(text.encode())
    assert read_predictions(str(tmp_path)).example_ids == ids


def test_sure_errors_are_the_hardest_then_unsure_right_answers(predictions: Predictions) -> None:
    assert predictions.hardest(10).tolist() == [2, 1, 3, 0]
    assert predictions.hardest(2).tolist() == [2, 1]


@pytest.mark.parametrize("text", ["", "example_id,label\n", "example_id,label\na,0\n", "a\nb\n"])
def test_other_files_are_refused_with_their_path(tmp_path: Path, text: str) -> None:
    (tmp_path / "predictions.csv").write_text(text)
    with pytest.raises(DataError, match=r"predictions\.csv: expected every arm's predictions"):
        read_predictions(str(tmp_path))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Run the evaluation again"):
        read_predictions(str(tmp_path / "nowhere"))
