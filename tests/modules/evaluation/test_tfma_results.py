"""The files for TensorFlow Model Analysis, against what its own engine writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow_model_analysis as tfma
from tfx_bsl.arrow import table_util

from modules.evaluation.tfma_results import write_tfma_results
from modules.models.served_model import Answers

NAMES = ["zero", "one", "two", "never seen"]
ARMS = ("pretrained", "scratch", "warm_start")


def arms_answers() -> dict[str, Answers]:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=60)
    return {
        arm: Answers(
            example_ids=[str(index) for index in range(60)],
            labels=labels,
            predicted=np.where(rng.random(60) < share, labels, (labels + 1) % 3),
            confidence=np.ones(60, np.float32),
        )
        for arm, share in zip(ARMS, (0.6, 0.7, 0.9), strict=True)
    }


def metrics(path: Path, model_name: str | None = None) -> dict[Any, dict[str, float]]:
    result = tfma.load_eval_result(str(path), model_name=model_name)
    return {
        key: {name: value["doubleValue"] for name, value in by_output[""][""].items()}
        for key, by_output in result.slicing_metrics
    }


def run_tfma(path: Path, answers: dict[str, Answers]) -> None:
    """Lets TFMA itself compute candidate and baseline from the same predictions."""
    frame = pd.DataFrame(
        {
            "label": answers["pretrained"].labels,
            "class_name": [NAMES[label] for label in answers["pretrained"].labels],
            **{
                arm: list(np.eye(len(NAMES), dtype=np.float32)[answers[arm].predicted])
                for arm in ("pretrained", "warm_start")
            },
        }
    )
    eval_config = tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(name="warm_start", label_key="label", prediction_key="warm_start"),
            tfma.ModelSpec(
                name="pretrained", label_key="label", prediction_key="pretrained", is_baseline=True
            ),
        ],
        slicing_specs=[tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=["class_name"])],
        metrics_specs=[
            tfma.MetricsSpec(
                model_names=["warm_start", "pretrained"],
                metrics=[
                    tfma.MetricConfig(class_name="ExampleCount"),
                    tfma.MetricConfig(
                        class_name="SparseCategoricalAccuracy", config='"name": "accuracy"'
                    ),
                ],
            )
        ],
    )
    batch = table_util.CanonicalizeRecordBatch(pa.RecordBatch.from_pandas(frame))
    with beam.Pipeline(argv=["--runner=FnApiRunner"]) as pipeline:
        _ = (
            pipeline
            | beam.Create([batch])
            | tfma.ExtractEvaluateAndWriteResults(eval_config=eval_config, output_path=str(path))
        )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ours")
    write_tfma_results(
        str(folder), arms_answers(), NAMES, "examples", {arm: f"models/{arm}" for arm in ARMS}
    )
    return folder


def test_results_equal_those_of_tfmas_own_engine(written: Path, tmp_path: Path) -> None:
    run_tfma(tmp_path, arms_answers())
    for model_name in (None, "warm_start", "pretrained"):
        expected = metrics(tmp_path, model_name)
        ours = metrics(written, model_name)
        assert ours.keys() == expected.keys()
        for key, values in expected.items():
            assert ours[key] == pytest.approx(values, abs=1e-6)


def test_candidate_without_a_name_is_the_warm_start(written: Path) -> None:
    answers = arms_answers()
    right = {arm: answers[arm].predicted == answers[arm].labels for arm in ARMS}
    overall = metrics(written)[()]
    assert overall["accuracy"] == pytest.approx(right["warm_start"].mean())
    assert overall["accuracy_diff"] == pytest.approx(
        right["warm_start"].mean() - right["pretrained"].mean()
    )


def test_every_arm_is_there_overall_and_by_class(written: Path) -> None:
    answers = arms_answers()
    for arm in ARMS:
        found = metrics(written, arm)
        right = answers[arm].predicted == answers[arm].labels
        for label, name in enumerate(NAMES[:3]):
            of_class = answers[arm].labels == label
            values = found[(("class_name", name),)]
            assert values["accuracy"] == pytest.approx(right[of_class].mean())
            assert values["example_count"] == of_class.sum()


def test_class_without_examples_has_no_slice(written: Path) -> None:
    assert (("class_name", "never seen"),) not in metrics(written)


def test_config_says_what_was_compared(written: Path) -> None:
    result = tfma.load_eval_result(str(written), model_name="scratch")
    assert result.data_location == "examples"
    assert result.model_location == "models/scratch"
    assert [spec.name for spec in result.config.model_specs if spec.is_baseline] == ["pretrained"]
