"""Finds the artifacts of the latest run in the ML Metadata store."""

from __future__ import annotations

from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from pipelines.node_ids import node_id


def metadata_in(folder: Path) -> metadata_store_pb2.ConnectionConfig:
    """Names the ML Metadata store of an output folder."""
    return metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))


def node_of(store: MetadataStore, execution_id: int) -> str:
    """Returns the id of the node that an execution belongs to."""
    contexts = store.get_contexts_by_execution(execution_id)
    (node,) = (context.name for context in contexts if context.type == "node")
    return str(node.rpartition(".")[2])


class RunArtifacts:
    """The output artifacts of the latest pipeline run, cached executions included.

    Args:
        connection_config: The ML Metadata store.
        target: The target whose branch the components are looked for in, before the trunk.

    Raises:
        LookupError: The store holds no run.
    """

    def __init__(
        self, connection_config: metadata_store_pb2.ConnectionConfig, target: str | None = None
    ) -> None:
        self._target = target
        store = MetadataStore(connection_config)
        runs = store.get_contexts_by_type("pipeline_run")
        if not runs:
            raise LookupError("the metadata store holds no pipeline run")
        self._artifacts: dict[tuple[str, str], metadata_store_pb2.Artifact] = {}
        latest = max(runs, key=lambda context: context.id)
        for execution in store.get_executions_by_context(latest.id):
            node = node_of(store, execution.id)
            outputs = {
                event.artifact_id: event.path.steps[0].key
                for event in store.get_events_by_execution_ids([execution.id])
                if event.type == metadata_store_pb2.Event.OUTPUT
            }
            for artifact in store.get_artifacts_by_id(list(outputs)):
                self._artifacts.setdefault((node, outputs[artifact.id]), artifact)

    def uri(self, component: str, output: str) -> str:
        """Returns the URI of a component's first artifact under the given output key."""
        return str(self._artifact(component, output).uri)

    def custom_property(self, component: str, output: str, name: str) -> str | int | None:
        """Returns a custom property of that artifact, or None where it is not set."""
        value = self._artifact(component, output).custom_properties.get(name)
        return None if value is None else getattr(value, value.WhichOneof("value"))

    def _artifact(self, component: str, output: str) -> metadata_store_pb2.Artifact:
        for node in (node_id(component, self._target), component):
            if artifact := self._artifacts.get((node, output)):
                return artifact
        raise LookupError(f"the run has no artifact {component}.{output}")
