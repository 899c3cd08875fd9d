"""What a killed run leaves is cleared before the next run, except trainings to resume."""

from __future__ import annotations

from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from modules.training.record import TRAINING_FILE
from pipelines.running.recovery import recover_from_interruption

Execution = metadata_store_pb2.Execution


class Output:
    """An output folder with one training execution in a given state."""

    def __init__(self, root: Path, state: int) -> None:
        self.root = root
        self.connection = metadata_store_pb2.ConnectionConfig()
        self.connection.sqlite.filename_uri = str(root / "metadata.db")
        self.connection.sqlite.connection_mode = 3  # READWRITE_OPENCREATE
        self.store = MetadataStore(self.connection)
        execution_type = self.store.put_execution_type(
            metadata_store_pb2.ExecutionType(name="Trainer")
        )
        node_type = self.store.put_context_type(metadata_store_pb2.ContextType(name="node"))
        execution = Execution(type_id=execution_type, last_known_state=state)  # type: ignore
        node = metadata_store_pb2.Context(type_id=node_type, name="digits.PretrainTrainer")
        self.id, _, _ = self.store.put_execution(execution, [], [node])
        for name in ("model/{}/saved_model.pb", "model_run/{}/training.json"):
            path = self.path(name)
            path.parent.mkdir(parents=True)
            path.touch()
        self.path("model_run/{}/checkpoint").touch()
        self.path(".system/executor_execution/{}/.temp").mkdir(parents=True)
        for serving in (root / "serving", root / "targets" / "north" / "serving"):
            (serving / ".partial-17").mkdir(parents=True)
            (serving / "16").mkdir()

    def path(self, name: str) -> Path:
        return self.root / "artifacts" / "PretrainTrainer" / name.format(self.id)

    def clear(self, *, keep_trainings: bool = True) -> None:
        recover_from_interruption(self.connection, self.root, keep_trainings=keep_trainings)

    @property
    def state(self) -> int:
        (execution,) = self.store.get_executions()
        return execution.last_known_state


@pytest.mark.parametrize("state", [Execution.NEW, Execution.RUNNING])
def test_half_made_artifacts_go_and_the_training_stays(tmp_path: Path, state: int) -> None:
    output = Output(tmp_path, state)
    output.clear()
    assert output.state == Execution.CANCELED
    assert not output.path("model/{}").exists()
    assert not output.path(".system/executor_execution/{}").exists()
    assert output.path("model_run/{}/checkpoint").exists()


def test_a_training_without_a_published_model_does_not_count_as_complete(tmp_path: Path) -> None:
    output = Output(tmp_path, Execution.RUNNING)
    output.clear()
    assert not output.path("model_run/{}/" + TRAINING_FILE).exists()


@pytest.mark.parametrize("state", [Execution.COMPLETE, Execution.CACHED])
@pytest.mark.parametrize("keep_trainings", [True, False])
def test_complete_artifacts_stay(tmp_path: Path, state: int, keep_trainings: bool) -> None:
    output = Output(tmp_path, state)
    output.clear(keep_trainings=keep_trainings)
    assert output.state == state
    assert output.path("model/{}/saved_model.pb").exists()
    assert output.path("model_run/{}/" + TRAINING_FILE).exists()


def test_a_fresh_run_resumes_nothing(tmp_path: Path) -> None:
    output = Output(tmp_path, Execution.RUNNING)
    output.clear(keep_trainings=False)
    assert not output.path("model_run/{}").exists()


def test_versions_stay_in_the_serving_folder_and_half_ones_go(tmp_path: Path) -> None:
    output = Output(tmp_path, Execution.RUNNING)
    output.clear()
    for serving in ("serving", "targets/north/serving"):
        assert [path.name for path in (tmp_path / serving).iterdir()] == ["16"]
