"""A job tells every worker what its trainer was told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from modules.core.errors import ConfigError
from modules.settings import Shots
from modules.training.jobs import PretrainingJob, ScratchJob, read_job
from tests.training_domain import PRETRAINING_PLAN, TRANSFER_PLAN, fn_args

GOLDEN = Path("tests/kubeflow/mnist_to_optdigits.golden.yaml")


@pytest.mark.parametrize("shots", [3, "all"])
def test_a_job_holds_what_the_trainer_hands_over(tmp_path: Path, shots: Shots) -> None:
    plan = TRANSFER_PLAN.model_copy(update={"shots": shots, "seed": 4})
    arguments = fn_args(tmp_path / "examples" / "7", tmp_path / "graph", tmp_path, plan)
    path = tmp_path / "job.json"
    path.write_text(ScratchJob.of(arguments).model_dump_json())
    assert read_job(path) == ScratchJob(
        plan=plan,
        examples=str(tmp_path / "examples" / "7"),
        transform_graph=str(tmp_path / "graph"),
        model=str(tmp_path / "model"),
        model_run=str(tmp_path / "model_run"),
    )


def test_a_job_names_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    job = PretrainingJob.of(fn_args(tmp_path, tmp_path, tmp_path, PRETRAINING_PLAN))
    path.write_text(job.model_dump_json())
    assert isinstance(read_job(path), PretrainingJob)


def test_a_plan_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    arguments = fn_args(tmp_path, tmp_path, tmp_path, PRETRAINING_PLAN)
    arguments.custom_config = {"plan": '{"unknown": 1}'}
    with pytest.raises(ValidationError, match="unknown"):
        PretrainingJob.of(arguments)


@pytest.mark.parametrize(
    ("task", "kind"), [("pretrain-trainer", PretrainingJob), ("scratch-trainer", ScratchJob)]
)
def test_a_job_takes_the_plan_of_the_compiled_pipelines_trainer(
    tmp_path: Path, task: str, kind: type[PretrainingJob] | type[ScratchJob]
) -> None:
    pipeline = next(yaml.safe_load_all(GOLDEN.read_text()))
    parameters = pipeline["root"]["dag"]["tasks"][task]["inputs"]["parameters"]
    arguments = fn_args(tmp_path, tmp_path, tmp_path, PRETRAINING_PLAN)
    arguments.custom_config = json.loads(parameters["custom_config"]["runtimeValue"]["constant"])
    plan = json.loads(arguments.custom_config["plan"])
    assert kind.of(arguments).plan.model_dump(mode="json") == plan


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid"),
        ('{"job": "other"}', "pretraining"),
        ('{"job": "scratch"}', r"examples: field required"),
        ('{"job": "scratch", "plan": {"seeds": 1}}', r"plan.seeds: extra inputs"),
    ],
)
def test_what_is_wrong_in_a_job_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "job.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"(?s)job.json.*{message}"):
        read_job(path)


def test_a_missing_job_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.json"):
        read_job(tmp_path / "nowhere.json")
