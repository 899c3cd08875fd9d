"""Makes an output folder sound again after runs that were killed or models that were deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.types.standard_component_specs import MODEL_RUN_KEY

from modules.models.serving_folder import PARTIAL_PREFIX, SERVING_FOLDER, TARGETS_FOLDER
from modules.training.record import TRAINING_FILE
from pipelines.running.artifacts import node_of
from pipelines.running.output_folder import ARTIFACTS_FOLDER, SPANS_FOLDER

_UNFINISHED = (metadata_store_pb2.Execution.NEW, metadata_store_pb2.Execution.RUNNING)


def recover_from_interruption(
    connection_config: metadata_store_pb2.ConnectionConfig, folder: Path, *, keep_trainings: bool
) -> None:
    """Removes half-made artifacts and versions, and forgets pushes whose version was deleted.

    Checkpoints of an interrupted training are kept: the next run resumes from them.

    Args:
        connection_config: The ML Metadata store.
        folder: The output folder, which no other run uses.
        keep_trainings: False removes unfinished trainings too, and what was read of spans.
    """
    store = MetadataStore(connection_config)
    _cancel_unfinished(store, folder / ARTIFACTS_FOLDER)
    if not keep_trainings:
        shutil.rmtree(folder / SPANS_FOLDER, ignore_errors=True)
        for run in (folder / ARTIFACTS_FOLDER).glob(f"*/{MODEL_RUN_KEY}/*"):
            if not (run / TRAINING_FILE).exists():
                shutil.rmtree(run)
    for serving in (folder / SERVING_FOLDER, *folder.glob(f"{TARGETS_FOLDER}/*/{SERVING_FOLDER}")):
        for partial in serving.glob(f"{PARTIAL_PREFIX}*"):
            shutil.rmtree(partial)
    _forget_lost_pushes(store)


def _cancel_unfinished(store: MetadataStore, artifacts: Path) -> None:
    unfinished = [
        execution
        for execution in store.get_executions()
        if execution.last_known_state in _UNFINISHED
    ]
    for execution in unfinished:
        folder = artifacts / node_of(store, execution.id)
        # Its outputs, and TFX's own notes about it.
        notes = folder.glob(f".system/*/{execution.id}")
        for output in (*folder.glob(f"*/{execution.id}"), *notes):
            if output.parent.name == MODEL_RUN_KEY:
                # With a record it would count as complete.
                (output / TRAINING_FILE).unlink(missing_ok=True)
            else:
                shutil.rmtree(output)
        execution.last_known_state = metadata_store_pb2.Execution.CANCELED
    if unfinished:
        store.put_executions(unfinished)


def _forget_lost_pushes(store: MetadataStore) -> None:
    """Lets the Pusher push again what is no longer in the serving folder.

    TFX serves a component from its cache as long as its artifacts exist. The artifact of a push is
    a copy of the model, so it is removed together with the version.
    """
    lost = [
        artifact
        for artifact in store.get_artifacts_by_type("PushedModel")
        if artifact.custom_properties["pushed"].int_value
        and not Path(artifact.custom_properties["pushed_destination"].string_value).exists()
    ]
    for artifact in lost:
        shutil.rmtree(artifact.uri, ignore_errors=True)
        artifact.state = metadata_store_pb2.Artifact.DELETED
    if lost:
        store.put_artifacts(lost)
