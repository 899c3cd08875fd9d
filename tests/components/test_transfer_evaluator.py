"""TransferEvaluator: its files, its blessing and the stock components that read it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tensorflow_model_analysis as tfma
from tfx import types
from tfx.components.pusher import executor as pusher
from tfx.components.pusher.component import Pusher
from tfx.dsl.components.common import importer
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts

from components.transfer_evaluator.component import TransferEvaluator
from components.transfer_evaluator.executor import Executor
from modules.core.arms import ARMS
from modules.core.errors import DataError
from modules.core.progress import PROGRESS_LOGGER
from modules.settings import GateSettings
from tests.tiny_domain import serialized_example, write_examples
from tests.tiny_models import save_scripted_model

BEAM_ARGS = ["--runner=FnApiRunner", "--sdk_container_image=none"]
NAMES = ["zero", "one", "two"]
INPUTS = {
    "target_examples": standard_artifacts.Examples,
    "source_examples": standard_artifacts.Examples,
    **{f"{arm}_model": standard_artifacts.Model for arm in ARMS},
}


def records(total: int, right: Sequence[int]) -> list[bytes]:
    """Examples of which each arm gets the first so many right."""
    examples = []
    for index in range(total):
        label = index % 3
        script = [label if index < number else (label + 1) % 3 for number in right]
        examples.append(
            serialized_example(index, label, image=[",".join(map(str, script)).encode()])
        )
    return examples


def component(channels: dict[str, types.BaseChannel] | None = None, **gate: Any) -> Any:
    channels = channels or {key: types.Channel(type=kind) for key, kind in INPUTS.items()}
    return TransferEvaluator(
        target_examples=channels["target_examples"],
        source_examples=channels["source_examples"],
        models={arm: channels[f"{arm}_model"] for arm in ARMS},
        gate=GateSettings.model_validate(gate),
        seed=7,
        shots=10,
        source_name="digits",
        target_name="other_digits",
        source_fingerprint="1",
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, types.Artifact]:
    folder = tmp_path_factory.mktemp("models")
    artifacts = {}
    for column, arm in enumerate(ARMS):
        artifacts[arm] = save_scripted_model(folder / arm, column, NAMES)
        artifacts[arm].id = 40 + column
    return artifacts


class Evaluation:
    """Runs the executor; the target has as many right answers of each arm as given."""

    def __init__(
        self,
        folder: Path,
        models: dict[str, types.Artifact],
        right: Sequence[int] = (200, 220, 290),
        total: int = 300,
        target_names: Sequence[str] = NAMES,
    ) -> None:
        target = {"eval": records(total, right), "train": []}
        source = {"eval": records(50, (50, 10, 40)), "train": []}
        self.inputs = {
            "target_examples": [write_examples(folder / "target", target, target_names)],
            "source_examples": [write_examples(folder / "source", source, NAMES)],
            **{f"{arm}_model": [models[arm]] for arm in ARMS},
        }
        self.evaluation = standard_artifacts.ModelEvaluation()
        self.evaluation.uri = str(folder / "evaluation")
        self.blessing = standard_artifacts.ModelBlessing()
        self.blessing.uri = str(folder / "blessing")

    def run(self, **gate: Any) -> dict[str, Any]:
        Executor(Executor.Context(beam_pipeline_args=BEAM_ARGS)).Do(
            self.inputs,
            {"evaluation": [self.evaluation], "blessing": [self.blessing]},
            component(**gate).exec_properties,
        )
        return json.loads(Path(self.evaluation.uri, "evaluation.json").read_text())


def test_evaluation_holds_the_contracts_keys_and_nothing_else(
    tmp_path: Path, models: dict[str, types.Artifact]
) -> None:
    report = Evaluation(tmp_path, models).run()
    assert list(report) == ["source", "target", "arms", "comparisons", "verdict", "reasons", "seed"]
    assert report["source"] == {
        "name": "digits",
        "accuracy": 1.0,
        "accuracy_after_transfer": 0.8,
        "examples": 50,
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
        assert set(found) == {"accuracy", "ci95", "correct", "total", "per_class", "confusion"}
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
    assert report["verdict"] == "not_blessed"
    assert any("negative transfer" in reason for reason in report["reasons"])
    assert [path.name for path in Path(evaluation.blessing.uri).iterdir()] == ["NOT_BLESSED"]
    assert evaluation.blessing.get_int_custom_property("blessed") == 0


@pytest.mark.parametrize(("right", "pushed"), [((200, 220, 290), True), ((290, 220, 200), False)])
def test_stock_pusher_and_resolver_obey_the_blessing(
    tmp_path: Path, models: dict[str, types.Artifact], right: Sequence[int], pushed: bool
) -> None:
    evaluation = Evaluation(tmp_path, models, right)
    evaluation.run()
    serving = tmp_path / "serving"
    push = standard_artifacts.PushedModel()
    push.uri = str(tmp_path / "pushed")
    destination = {"filesystem": {"base_directory": str(serving)}}
    pusher.Executor().Do(
        {"model": [models["warm_start"]], "model_blessing": [evaluation.blessing]},
        {"pushed_model": [push]},
        {"push_destination": json.dumps(destination)},
    )
    assert push.get_int_custom_property("pushed") == pushed
    assert serving.exists() == pushed
    resolved = LatestBlessedModelStrategy().resolve_artifacts(
        None,  # type: ignore[arg-type]
        {"model": [*models.values()], "model_blessing": [evaluation.blessing]},
    )
    expected = [models["warm_start"]] if pushed else []
    assert (resolved or {}).get("model", []) == expected


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


def test_domains_with_different_classes_are_refused(
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


def test_pipeline_pushes_what_is_blessed(tmp_path: Path, models: dict[str, types.Artifact]) -> None:
    inputs = Evaluation(tmp_path, models).inputs
    importers = {
        key: importer.Importer(
            source_uri=artifacts[0].uri,
            artifact_type=INPUTS[key],
            properties={"split_names": artifacts[0].split_names}
            if key.endswith("examples")
            else None,
        ).with_id(key)
        for key, artifacts in inputs.items()
    }
    evaluator = component({key: node.outputs["result"] for key, node in importers.items()})
    push = Pusher(
        model=importers["warm_start_model"].outputs["result"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem={"base_directory": str(tmp_path / "serving")}
        ),
    )
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="evaluate",
            pipeline_root=str(tmp_path / "root"),
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(tmp_path / "metadata.db")
            ),
            components=[*importers.values(), evaluator, push],
            beam_pipeline_args=BEAM_ARGS,
        )
    )
    (version,) = (tmp_path / "serving").iterdir()
    assert (version / "saved_model.pb").exists()
