"""Clears what runs that were killed have left in the output folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.types import standard_component_specs

from modules.models.serving_folder import PARTIAL_PREFIX
from modules.training.record import TRAINING_FILE

_UNFINISHED = (metadata_store_pb2.Execution.NEW, metadata_store_pb2.Execution.RUNNING)


def clear_interrupted_runs(
    connection_config: metadata_store_pb2.ConnectionConfig,
    artifacts: Path,
    serving: Path,
    *,
    keep_trainings: bool,
) -> None:
    """Removes half-made artifacts and cancels their executions; nobody else may be at work.

    What a training has left is kept, for the same training to go on from.

    Args:
        connection_config: The ML Metadata store.
        artifacts: The pipeline root.
        serving: The serving folder.
        keep_trainings: False removes unfinished trainings too.
    """
    store = MetadataStore(connection_config)
    unfinished = [
        execution
        for execution in store.get_executions()
        if execution.last_known_state in _UNFINISHED
    ]
    for execution in unfinished:
        for output in _outputs(artifacts / _component(store, execution), execution.id):
            if output.parent.name == standard_component_specs.MODEL_RUN_KEY:
                # With a record it would count as complete.
                (output / TRAINING_FILE).unlink(missing_ok=True)
            else:
                shutil.rmtree(output)
        execution.last_known_state = metadata_store_pb2.Execution.CANCELED
    if unfinished:
        store.put_executions(unfinished)
    if not keep_trainings:
        for run in artifacts.glob(f"*/{standard_component_specs.MODEL_RUN_KEY}/*"):
            if not (run / TRAINING_FILE).exists():
                shutil.rmtree(run)
    for partial in serving.glob(f"{PARTIAL_PREFIX}*"):
        shutil.rmtree(partial)


def _component(store: MetadataStore, execution: metadata_store_pb2.Execution) -> str:
    contexts = store.get_contexts_by_execution(execution.id)
    (node,) = (context.name for context in contexts if context.type == "node")
    return str(node.rpartition(".")[2])


def _outputs(folder: Path, execution_id: int) -> Iterator[Path]:
    """Yields an execution's outputs and TFX's own notes about it."""
    yield from folder.glob(f"*/{execution_id}")
    yield from folder.glob(f".system/*/{execution_id}")
