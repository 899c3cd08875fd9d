"""What components are expected to take: as in this folder before, else as in a recorded run."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.config import Config, load_config
from pipelines.running.history import HISTORY_FILE, RunRecord
from pipelines.running.timing.component_seconds import expected_seconds


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path("configs/mnist_to_optdigits.yaml"), ())


def record(**seconds: float) -> str:
    return RunRecord(
        finished="2026-01-01T00:00:00+00:00",
        name="name",
        source="source",
        target="target",
        shots=10,
        method="joint",
        seed=0,
        verdict="blessed",
        accuracies={},
        pushed_to=None,
        cached=0,
        seconds=seconds,
    ).model_dump_json()


def test_every_component_of_a_run_is_expected_to_take_something(config: Config) -> None:
    from pipelines.transfer_pipeline import create_pipeline

    pipeline = create_pipeline(config, pipeline_root="root", serving_directory="serving")
    expected = expected_seconds(config, Path("absent"))
    assert {component.id for component in pipeline.components} <= set(expected)
    assert min(expected.values()) > 0


def test_a_recorded_training_is_scaled_to_the_steps_of_the_configuration(config: Config) -> None:
    longer = config.model_copy(
        update={"pretraining": config.pretraining.model_copy(update={"steps": 80_000})}
    )
    before, after = (expected_seconds(each, Path("absent")) for each in (config, longer))
    assert after["PretrainTrainer"] > 50 * before["PretrainTrainer"]
    assert after["ScratchTrainer"] == before["ScratchTrainer"]


def test_what_a_component_took_last_in_the_folder_counts(config: Config, tmp_path: Path) -> None:
    history = [record(Transform=100.0, Pusher=3.0), record(Transform=50.0)]
    (tmp_path / HISTORY_FILE).write_text("\n".join(history) + "\n")
    expected = expected_seconds(config, tmp_path)
    assert (expected["Transform"], expected["Pusher"]) == (50.0, 3.0)
    assert expected["TransferReport"] == expected_seconds(config, Path("absent"))["TransferReport"]


def test_a_damaged_history_does_not_stop_the_run(config: Config, tmp_path: Path) -> None:
    (tmp_path / HISTORY_FILE).write_text("{")
    assert expected_seconds(config, tmp_path) == expected_seconds(config, Path("absent"))
