"""Pushed models that somebody has deleted: the cache must not vouch for them."""

from __future__ import annotations

import shutil
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2


def forget_lost_pushes(connection_config: metadata_store_pb2.ConnectionConfig) -> None:
    """Makes the Pusher push again what is no longer in the serving folder.

    TFX serves a component from its cache as long as its artifacts exist. That of a push is a copy
    of the model; it goes with the version that it stands for.

    Args:
        connection_config: The ML Metadata store.
    """
    store = MetadataStore(connection_config)
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
