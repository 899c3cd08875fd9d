"""Finds the artifacts of the latest run in the ML Metadata store."""

from __future__ import annotations

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2


class RunArtifacts:
    """The output artifacts of the latest pipeline run, cached executions included.

    Args:
        connection_config: Where the store is.

    Raises:
        LookupError: The store holds no run.
    """

    def __init__(self, connection_config: metadata_store_pb2.ConnectionConfig) -> None:
        self._store = MetadataStore(connection_config)
        runs = self._store.get_contexts_by_type("pipeline_run")
        if not runs:
            raise LookupError("the metadata store holds no pipeline run")
        self._uris: dict[tuple[str, str], str] = {}
        self._artifacts: dict[str, metadata_store_pb2.Artifact] = {}
        latest = max(runs, key=lambda context: context.id)
        for execution in self._store.get_executions_by_context(latest.id):
            self._add_outputs(execution.id)

    def uri(self, component: str, output: str) -> str:
        """Returns the URI of a component's first artifact under the given output key.

        Raises:
            LookupError: The run has no such artifact.
        """
        try:
            return self._uris[component, output]
        except KeyError:
            raise LookupError(f"the run has no artifact {component}.{output}") from None

    def custom_property(self, component: str, output: str, name: str) -> str | int | None:
        """Returns a custom property of such an artifact, or None where it is not set."""
        value = self._artifacts[self.uri(component, output)].custom_properties.get(name)
        return None if value is None else getattr(value, value.WhichOneof("value"))

    def _add_outputs(self, execution_id: int) -> None:
        nodes = [
            context.name.rpartition(".")[2]
            for context in self._store.get_contexts_by_execution(execution_id)
            if context.type == "node"
        ]
        outputs = {
            event.artifact_id: event.path.steps[0].key
            for event in self._store.get_events_by_execution_ids([execution_id])
            if event.type == metadata_store_pb2.Event.OUTPUT
        }
        for artifact in self._store.get_artifacts_by_id(list(outputs)):
            for node in nodes:
                self._uris.setdefault((node, outputs[artifact.id]), artifact.uri)
                self._artifacts[artifact.uri] = artifact
