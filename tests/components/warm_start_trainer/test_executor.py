"""WarmStartTrainer from artifacts to artifacts, and its place in a pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tfx.dsl.compiler import compiler
from tfx.orchestration import pipeline
from tfx.types import Artifact, channel, channel_utils, standard_artifacts
from tfx.types.experimental import simple_artifacts

from components.warm_start_trainer.component import WarmStartTrainer
from components.warm_start_trainer.executor import Executor
from modules.core.errors import WarmStartMappingError
from modules.settings import Shots
from modules.settings.plans import TransferPlan
from tests.training_domain import NETWORK, TRANSFER_PLAN, TinyDomains


def artifact(kind: type[Artifact], uri: Path) -> Any:
    made = kind()
    made.uri = str(uri)
    return made


def inputs(domains: TinyDomains, pretrained: Path) -> dict[str, Artifact]:
    return {
        "examples": artifact(standard_artifacts.Examples, domains.target),
        "source_examples": artifact(standard_artifacts.Examples, domains.source),
        "transform_graph": artifact(standard_artifacts.TransformGraph, domains.transform_graph),
        "base_model": artifact(standard_artifacts.Model, pretrained / "model"),
    }


def component(artifacts: dict[str, Artifact], **changes: Any) -> WarmStartTrainer:
    channels = {name: channel_utils.as_channel([value]) for name, value in artifacts.items()}
    plan = TRANSFER_PLAN.model_copy(update={"seed": 3, **changes})
    return WarmStartTrainer(**channels, plan=plan)


def execute(artifacts: dict[str, Artifact], trainer: WarmStartTrainer, output: Path) -> None:
    outputs = {name: [artifact(made.type, output / name)] for name, made in trainer.outputs.items()}
    executor = Executor(Executor.Context(tmp_dir=str(output / "tmp")))
    executor.Do({name: [value] for name, value in artifacts.items()}, outputs, _plain(trainer))


def _plain(trainer: WarmStartTrainer) -> dict[str, Any]:
    return dict(trainer.exec_properties)


@pytest.mark.parametrize("shots", [2, "all"])
def test_it_fills_its_artifacts(
    tiny_domains: TinyDomains, pretrained: Path, tmp_path: Path, shots: Shots
) -> None:
    artifacts = inputs(tiny_domains, pretrained)
    execute(artifacts, component(artifacts, shots=shots), tmp_path)
    model = tf.saved_model.load(str(tmp_path / "model" / "Format-Serving"))
    assert set(model.signatures) == {"serving_default", "predict_images", "features"}
    assert (tmp_path / "model" / "checkpoint" / "network.json").exists()
    training = json.loads((tmp_path / "model_run" / "training.json").read_text())
    assert training["labelled_examples"] == (6 if shots == 2 else 24)
    assert (training["arm"], training["seed"], training["steps"]) == ("warm_start", 3, 12)
    assert list((tmp_path / "model_run").glob("events.out.tfevents.*"))
    mapping = json.loads((tmp_path / "mapping_report" / "mapping_report.json").read_text())
    assert mapping["checkpoint"] == str(pretrained / "model" / "checkpoint")
    assert len(mapping["restored"]) == 8
    # With the same classes it is the pretrained model, file by file.
    for path in (pretrained / "model").rglob("*"):
        if path.is_file():
            copy = tmp_path / "pretrained_arm" / path.relative_to(pretrained / "model")
            assert copy.read_bytes() == path.read_bytes()


def test_an_unexpected_difference_fails_before_any_model_is_written(
    tiny_domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    artifacts = inputs(tiny_domains, pretrained)
    wider = NETWORK.model_copy(update={"channels": 3})
    with pytest.raises(WarmStartMappingError, match="conv1/kernel"):
        execute(artifacts, component(artifacts, network=wider), tmp_path)
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "model_run" / "training.json").exists()


def test_the_plan_enters_the_cache_key_as_json() -> None:
    trainer = component(
        {
            "examples": standard_artifacts.Examples(),
            "source_examples": standard_artifacts.Examples(),
            "transform_graph": standard_artifacts.TransformGraph(),
            "base_model": standard_artifacts.Model(),
        },
        shots="all",
    )
    plan = TransferPlan.model_validate_json(trainer.exec_properties["plan"])
    assert plan == TRANSFER_PLAN.model_copy(update={"seed": 3, "shots": "all"})


def test_its_outputs_are_of_types_that_every_orchestrator_knows() -> None:
    trainer = component(
        {
            "examples": standard_artifacts.Examples(),
            "source_examples": standard_artifacts.Examples(),
            "transform_graph": standard_artifacts.TransformGraph(),
            "base_model": standard_artifacts.Model(),
        }
    )
    assert {name: output.type for name, output in trainer.outputs.items()} == {
        "model": standard_artifacts.Model,
        "model_run": standard_artifacts.ModelRun,
        "mapping_report": simple_artifacts.File,
        "pretrained_arm": standard_artifacts.Model,
    }


def test_it_compiles_into_a_pipeline() -> None:
    channels = {
        "examples": channel.Channel(type=standard_artifacts.Examples),
        "source_examples": channel.Channel(type=standard_artifacts.Examples),
        "transform_graph": channel.Channel(type=standard_artifacts.TransformGraph),
        "base_model": channel.Channel(type=standard_artifacts.Model),
    }
    trainer = WarmStartTrainer(**channels, plan=TRANSFER_PLAN)
    compiled = compiler.Compiler().compile(
        pipeline.Pipeline(pipeline_name="p", pipeline_root="root", components=[trainer])
    )
    (node,) = compiled.nodes
    assert node.pipeline_node.node_info.id == "WarmStartTrainer"
    assert set(node.pipeline_node.outputs.outputs) == {
        "model",
        "model_run",
        "mapping_report",
        "pretrained_arm",
    }
