"""ML Metadata's own store, filled and read as Kubeflow's launcher and driver do it.

See kubeflow/pipelines, backend/src/v2/metadata (client.go, converter.go).
"""

from __future__ import annotations

from typing import Any

import yaml
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

_SESSION = '{"Provider":"s3","Params":{"fromEnv":"true"}}'


class Metadata:
    """Artifacts by id, in memory."""

    def __init__(self) -> None:
        config = metadata_store_pb2.ConnectionConfig()
        config.fake_database.SetInParent()
        self._store = metadata_store.MetadataStore(config)

    def record(self, name: str, uri: str, type_schema: Any, metadata: dict[str, Any]) -> int:
        """Stores an artifact and returns its id.

        Args:
            name: The output's name.
            uri: Where the artifact lies.
            type_schema: An ArtifactTypeSchema as JSON.
            metadata: As a task reports it; JSON has no integers.
        """
        artifact = metadata_store_pb2.Artifact(uri=uri, type_id=self._type(type_schema))
        given = {**metadata, "display_name": name, "store_session_info": _SESSION}
        for key, value in given.items():
            artifact.custom_properties[key].CopyFrom(_stored(value))
        (artifact_id,) = self._store.put_artifacts([artifact])
        return int(artifact_id)

    def find_or_record(self, name: str, uri: str, type_schema: Any, metadata: Any) -> int:
        """Returns the id of the artifact at a URI, as an importer does that need not import again.

        The arguments are those of `record`.
        """
        same_type = self._type(type_schema)
        for artifact in self._store.get_artifacts_by_uri(uri):
            if artifact.type_id == same_type:
                return int(artifact.id)
        return self.record(name, uri, type_schema, metadata)

    def runtime_artifact(self, artifact_id: int) -> dict[str, Any]:
        """Returns an artifact as the driver hands it to the next task: its type is always empty."""
        (artifact,) = self._store.get_artifacts_by_id([artifact_id])
        return {
            "name": str(artifact_id),
            "uri": artifact.uri,
            "type": {"instanceSchema": ""},
            "metadata": {
                key: _read(value) for key, value in sorted(artifact.custom_properties.items())
            },
        }

    def _type(self, schema: Any) -> int:
        known = schema.get("instanceSchema") or f"title: {schema['schemaTitle']}"
        described = yaml.safe_load(known)
        artifact_type = metadata_store_pb2.ArtifactType(name=described["title"])
        kinds = {"string": "STRING", "integer": "INT", "double": "DOUBLE", "number": "DOUBLE"}
        for key, value in described.get("properties", {}).items():
            kind = metadata_store_pb2.PropertyType.Value(kinds[value["type"]])
            artifact_type.properties[key] = kind
        return int(self._store.put_artifact_type(artifact_type, can_add_fields=True))


def _stored(value: Any) -> Any:
    """The store has neither booleans nor lists, and the launcher no way to store null."""
    assert value is not None, "unknown/unsupported value type: null"
    stored = metadata_store_pb2.Value()
    if isinstance(value, bool):
        stored.int_value = int(value)
    elif isinstance(value, str):
        stored.string_value = value
    elif isinstance(value, dict | list):
        stored.struct_value.update({"list" if isinstance(value, list) else "struct": value})
    else:
        stored.double_value = value
    return stored


def _read(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind != "struct_value":
        return getattr(value, kind)
    from google.protobuf import json_format

    (content,) = json_format.MessageToDict(value.struct_value).values()
    return content
