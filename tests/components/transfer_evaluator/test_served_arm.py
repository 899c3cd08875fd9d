"""The served model as an arm: compared, held against, and refused with a reason where it must."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tensorflow_model_analysis as tfma
from tfx import types
from tfx.types import standard_artifacts

from modules.core.arms import ALL_ARMS
from modules.models.served_version import ServedVersion
from tests.components.transfer_evaluator.scripted_evaluation import NAMES, Evaluation
from tests.tiny_models import save_scripted_model

PRETRAINED_COLUMN, SCRATCH_COLUMN, WARM_START_COLUMN = range(3)
VERSION = ServedVersion(1795539541, "ab" * 32)

Models = dict[str, types.Artifact]


def evaluation(
    folder: Path,
    models: Models,
    *,
    column: int = SCRATCH_COLUMN,
    version: ServedVersion = VERSION,
    class_names: Sequence[str] = NAMES,
    right: Sequence[int] = (200, 220, 290),
    **broken: Any,
) -> Evaluation:
    """An evaluation in which the served model answers as one of the arms does."""
    served = save_scripted_model(folder / "served", column, class_names, **broken)
    version.write(served.uri)
    return Evaluation(folder, {**models, "served": served}, right)


def test_the_served_model_answers_the_same_examples_in_every_file(
    tmp_path: Path, models: Models
) -> None:
    evaluated = evaluation(tmp_path, models)
    report = evaluated.run()
    assert list(report["arms"]) == list(ALL_ARMS)
    served = report["arms"]["served"]
    assert (served["version"], served["correct"], served["total"]) == (1795539541, 220, 300)
    comparison = report["comparisons"]["warm_start_vs_served"]
    assert (comparison["fixed"], comparison["broken"]) == (70, 0)
    assert comparison == report["comparisons"]["warm_start_vs_scratch"]
    assert report["verdict"] == "blessed"
    assert "not more than 1 point below the served model" in report["reasons"][-1]
    with Path(evaluated.evaluation.uri, "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["served_label"] for row in rows] == [row["scratch_label"] for row in rows]
    loaded = tfma.load_eval_result(evaluated.evaluation.uri, model_name="served")
    ((_, overall),) = (part for part in loaded.slicing_metrics if part[0] == ())
    assert overall[""][""]["accuracy"]["doubleValue"] == pytest.approx(220 / 300)


def test_a_weaker_model_does_not_replace_it_unless_told_so(tmp_path: Path, models: Models) -> None:
    # Served is as the pretrained arm is in this script: better than the warm start.
    script: dict[str, Any] = {"column": PRETRAINED_COLUMN, "right": (290, 200, 250)}
    evaluated = evaluation(tmp_path, models, **script)
    report = evaluated.run()
    assert report["verdict"] == "not_blessed"
    (reason,) = (reason for reason in report["reasons"] if "served" in reason)
    assert reason.startswith("The warm start is more than 1 point below the served model: 83.3 %")
    ignoring = evaluated.run(served="ignore")
    assert not any("served" in reason for reason in ignoring["reasons"])
    assert "served" in ignoring["arms"]


def test_classes_in_another_order_are_matched_by_name(tmp_path: Path, models: Models) -> None:
    turned = ["one", "zero", "two"]
    report = evaluation(tmp_path, models, class_names=turned).run()
    # It answers the name at the script's label: of three classes only `two` keeps its place.
    expected = sum(
        NAMES[index % 3] == turned[index % 3 if index < 220 else (index + 1) % 3]
        for index in range(300)
    )
    assert report["arms"]["served"]["correct"] == expected
    assert 0 < expected < 220


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (
            {"class_names": ["zero", "one", "deux"]},
            "expected the classes zero, one, two, found answers of other ones: deux",
        ),
        ({"class_names": [*NAMES, "three"]}, "expected probabilities of 3 classes"),
        ({"signature": "other"}, "expected a signature 'serving_default'"),
        (
            {"version": ServedVersion(7, problem="serving/7/saved_model.pb: it was changed.")},
            "serving/7/saved_model.pb: it was changed.",
        ),
    ],
    ids=["other classes", "more classes", "another signature", "damaged"],
)
def test_what_cannot_be_compared_with_is_not_replaced_and_the_reason_says_how_to(
    tmp_path: Path, models: Models, broken: dict[str, Any], message: str
) -> None:
    report = evaluation(tmp_path, models, **broken).run()
    assert report["verdict"] == "not_blessed"
    assert list(report["arms"]) == ["pretrained", "scratch", "warm_start"]
    (reason,) = report["reasons"]
    assert reason.startswith("The served model cannot be compared with")
    assert message in reason
    assert reason.endswith("To replace it unseen: gate.served=ignore.")


def test_a_damaged_model_may_be_replaced_unseen(tmp_path: Path, models: Models) -> None:
    evaluated = evaluation(tmp_path, models, version=ServedVersion(7, problem="It was changed."))
    assert evaluated.run(served="ignore")["verdict"] == "blessed"


def test_where_nothing_is_served_nothing_is_different(tmp_path: Path, models: Models) -> None:
    without = Evaluation(tmp_path / "without", models)
    without.run()
    nothing = standard_artifacts.Model()
    nothing.uri = str(tmp_path / "nothing")
    Path(nothing.uri).mkdir()
    ServedVersion().write(nothing.uri)
    with_finder = Evaluation(tmp_path / "with", {**models, "served": nothing})
    with_finder.run()
    for name in ("evaluation.json", "predictions.csv"):
        first, second = (
            Path(each.evaluation.uri, name).read_bytes() for each in (without, with_finder)
        )
        assert first == second


def test_another_arm_is_blessed_where_it_may_be_pushed_and_is_good_enough(
    tmp_path: Path, models: Models
) -> None:
    evaluated = Evaluation(tmp_path, models, right=(280, 295, 250))
    report = evaluated.run(push="best", min_accuracy=0.9)
    assert (report["verdict"], report["pushed_arm"]) == ("not_blessed", "scratch")
    assert any("The scratch control is good enough" in reason for reason in report["reasons"])
    blessing = evaluated.blessing
    assert [path.name for path in Path(blessing.uri).iterdir()] == ["BLESSED"]
    assert blessing.get_string_custom_property("current_model") == models["scratch"].uri
    assert blessing.get_string_custom_property("pushed_arm") == "scratch"
