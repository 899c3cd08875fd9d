"""TransferEvaluator: its files, its blessing and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import tensorflow_model_analysis as tfma
from tfx import types

from modules.core.arms import ARMS
from modules.core.errors import DataError
from modules.core.progress import PROGRESS_LOGGER
from tests.components.transfer_evaluator.scripted_evaluation import (
    NAMES,
    Evaluation,
    component,
)
from tests.tiny_models import save_scripted_model


def test_evaluation_holds_the_contracts_keys_and_nothing_else(
    tmp_path: Path, models: dict[str, types.Artifact]
) -> None:
    report = Evaluation(tmp_path, models).run()
    assert list(report) == [
        "source",
        "target",
        "arms",
        "comparisons",
        "assumptions",
        "spans",
        "attempt",
        "verdict",
        "reasons",
        "pushed_arm",
        "seed",
    ]
    assert report["pushed_arm"] == "warm_start"
    assert report["source"] == {
        "name": "digits",
        "accuracy": 1.0,
        "accuracy_after_transfer": 0.8,
        "examples": 50,
        "classes": ["zero", "one", "two"],
    }
    assert report["target"] == {
        "name": "other_digits",
        "shots": 10,
        "eval_examples": 300,
        "classes": NAMES,
    }
    assert list(report["arms"]) == list(ARMS)
    for arm, right in zip(ARMS, (200, 220, 290), strict=True):
        found = report["arms"][arm]
        known = {"accuracy", "ci95", "correct", "total", "per_class", "confusion"}
        assert set(found) == known | ({"kind"} if arm == "pretrained" else set())
        assert (found["correct"], found["total"]) == (right, 300)
        assert found["ci95"][0] < found["accuracy"] < found["ci95"][1]
        assert list(found["per_class"]) == NAMES
    for name, difference in {
        "warm_start_vs_pretrained": 90 / 300,
        "warm_start_vs_scratch": 70 / 300,
    }.items():
        comparison = report["comparisons"][name]
        assert set(comparison) == {"difference", "ci95", "p_value", "fixed", "broken"}
        assert comparison["difference"] == pytest.approx(difference)
    assert report["verdict"] == "blessed"
    assert len(report["reasons"]) == 4
    assert report["seed"] == 7


def test_predictions_and_tfma_results_tell_the_same(
    tmp_path: Path, models: dict[str, types.Artifact]
) -> None:
    evaluation = Evaluation(tmp_path, models)
    report = evaluation.run()
    with Path(evaluation.evaluation.uri, "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["example_id"] == "train/00000000"
    for arm in ARMS:
        accuracy = sum(row["label"] == row[f"{arm}_label"] for row in rows) / len(rows)
        result = tfma.load_eval_result(evaluation.evaluation.uri, model_name=arm)
        by_slice = {key: value[""][""] for key, value in result.slicing_metrics}
        assert report["arms"][arm]["accuracy"] == pytest.approx(accuracy)
        assert by_slice[()]["accuracy"]["doubleValue"] == pytest.approx(accuracy)
        for name in NAMES:
            assert by_slice[(("class_name", name),)]["accuracy"]["doubleValue"] == pytest.approx(
                report["arms"][arm]["per_class"][name]["accuracy"]
            )


def test_blessing_is_what_tfx_evaluator_writes(
    tmp_path: Path, models: dict[str, types.Artifact]
) -> None:
    evaluation = Evaluation(tmp_path, models)
    evaluation.run()
    blessing = evaluation.blessing
    assert [path.name for path in Path(blessing.uri).iterdir()] == ["BLESSED"]
    assert blessing.get_int_custom_property("blessed") == 1
    assert blessing.get_string_custom_property("current_model") == models["warm_start"].uri
    assert blessing.get_int_custom_property("current_model_id") == 42
    assert blessing.get_string_custom_property("baseline_model") == models["pretrained"].uri
    assert blessing.get_int_custom_property("baseline_model_id") == 40


def test_unproven_model_gets_reasons_and_no_blessing(
    tmp_path: Path, models: dict[str, types.Artifact]
) -> None:
    evaluation = Evaluation(tmp_path, models, right=(290, 220, 200))
    report = evaluation.run()
    assert (report["verdict"], report["pushed_arm"]) == ("not_blessed", None)
    assert any("negative transfer" in reason for reason in report["reasons"])
    assert [path.name for path in Path(evaluation.blessing.uri).iterdir()] == ["NOT_BLESSED"]
    assert evaluation.blessing.get_int_custom_property("blessed") == 0


def test_gate_settings_reach_the_verdict(tmp_path: Path, models: dict[str, types.Artifact]) -> None:
    report = Evaluation(tmp_path, models).run(min_eval_examples=301)
    assert report["verdict"] == "not_blessed"
    assert "300 target eval examples, but at least 301" in report["reasons"][0]


def test_same_inputs_give_the_same_bytes(tmp_path: Path, models: dict[str, types.Artifact]) -> None:
    first = Evaluation(tmp_path, models)
    first.run(test="bootstrap")
    before = {path.name: path.read_bytes() for path in Path(first.evaluation.uri).iterdir()}
    first.run(test="bootstrap")
    assert before == {p.name: p.read_bytes() for p in Path(first.evaluation.uri).iterdir()}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"class_names": ["one", "zero", "two"]}, "scratch.*expected class 0 to be 'zero'"),
        ({"class_names": [*NAMES, "three"]}, "scratch.*expected probabilities of 3 classes"),
        ({"class_names": NAMES, "signature": "other"}, "scratch.*expected a signature"),
    ],
)
def test_arm_that_does_not_fit_is_refused_and_nothing_is_written(
    tmp_path: Path, models: dict[str, types.Artifact], broken: dict[str, Any], message: str
) -> None:
    scratch = save_scripted_model(tmp_path / "scratch", 1, **broken)
    evaluation = Evaluation(tmp_path, {**models, "scratch": scratch})
    with pytest.raises(DataError, match=message):
        evaluation.run()
    assert list(Path(evaluation.evaluation.uri).iterdir()) == []
    assert not Path(evaluation.blessing.uri).exists()


def test_for_a_target_with_other_classes_the_pretrained_model_itself_is_needed(
    tmp_path: Path, models: dict[str, types.Artifact]
) -> None:
    evaluation = Evaluation(tmp_path, models, target_names=["zero", "one", "deux"])
    with pytest.raises(DataError, match=r"target/classes\.json: expected the source's classes"):
        evaluation.run()


def test_missing_files_are_refused(tmp_path: Path, models: dict[str, types.Artifact]) -> None:
    evaluation = Evaluation(tmp_path, models)
    for path in (tmp_path / "target" / "Split-eval").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="Split-eval: expected files of examples, found none"):
        evaluation.run()


def test_progress_is_reported_for_each_arm(
    tmp_path: Path, models: dict[str, types.Artifact], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger=PROGRESS_LOGGER):
        Evaluation(tmp_path, models).run()
    reports: list[Any] = [r.msg for r in caplog.records if r.name == PROGRESS_LOGGER]
    assert [(report.step, report.total) for report in reports] == [(1, 3), (2, 3), (3, 3)]


def test_gate_and_seed_enter_the_cache_key() -> None:
    usual = component().exec_properties
    assert component(confidence=0.99).exec_properties != usual
    assert "seed" in usual
