"""A job says to every worker what the trainer was told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from modules.core.errors import ConfigError
from modules.training.jobs import PretrainingJob, ScratchJob, read_job
from tests.training_domain import NETWORK, PREPROCESSING, PRETRAINING, TRAINING, TRANSFER, fn_args

GOLDEN = Path("tests/kubeflow/mnist_to_optdigits.golden.yaml")


@pytest.mark.parametrize("shots", [3, "3", "all"])
def test_a_job_gives_back_what_the_run_fn_was_told(tmp_path: Path, shots: int | str) -> None:
    arguments = fn_args(
        tmp_path / "examples",
        tmp_path / "transform_graph",
        tmp_path,
        network=NETWORK,
        preprocessing=PREPROCESSING,
        training=TRAINING,
        transfer=TRANSFER,
        shots=shots,
        seed=4,
        source_fingerprint="abc",
    )
    path = tmp_path / "job.json"
    path.write_text(ScratchJob.of(arguments).model_dump_json())
    job = read_job(path)
    assert isinstance(job, ScratchJob)
    for name in ("train_files", "transform_graph_path", "serving_model_dir", "model_run_dir"):
        assert getattr(job, name) == getattr(arguments, name)
    found = {**job.custom_config, "shots": str(job.custom_config["shots"])}
    assert found == {**arguments.custom_config, "shots": str(shots)}


def test_a_pretraining_is_told_apart(tmp_path: Path) -> None:
    arguments = fn_args(
        tmp_path,
        tmp_path,
        tmp_path,
        network=NETWORK,
        preprocessing=PREPROCESSING,
        pretraining=PRETRAINING,
        training=TRAINING,
        seed=0,
    )
    path = tmp_path / "job.json"
    path.write_text(PretrainingJob.of(arguments).model_dump_json())
    assert isinstance(read_job(path), PretrainingJob)


@pytest.mark.parametrize(
    ("task", "kind"), [("pretrain-trainer", PretrainingJob), ("scratch-trainer", ScratchJob)]
)
def test_a_job_takes_all_that_the_compiled_pipeline_tells_its_trainer(
    tmp_path: Path, task: str, kind: type[PretrainingJob] | type[ScratchJob]
) -> None:
    pipeline = next(yaml.safe_load_all(GOLDEN.read_text()))
    parameters = pipeline["root"]["dag"]["tasks"][task]["inputs"]["parameters"]
    told = json.loads(parameters["custom_config"]["runtimeValue"]["constant"])
    arguments = fn_args(tmp_path, tmp_path, tmp_path, **told)
    assert kind.of(arguments).custom_config == told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid"),
        ('{"job": "other"}', "pretraining"),
        ('{"job": "scratch"}', r"examples: field required"),
        ('{"job": "scratch", "seeds": 1}', r"seeds: extra inputs"),
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
