"""The layout of a Model artifact: a SavedModel, a checkpoint by name, and their checksums.

`SHA256SUMS`, in the format of `sha256sum --check`, shows whether the files are as written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from modules.core.checksums import CHECKSUMS_FILE, check_checksums, write_checksums
from modules.models.checkpointing import save_network_checkpoint
from modules.models.imported.own_model import write_facts
from modules.models.served_classes import ServedClasses
from modules.models.serving import export_saved_model
from modules.networks.network import Network
from modules.settings import NetworkSettings

# Key of network.json that says where an imported model comes from.
IMPORTED = "imported"
SAVED_MODEL_FOLDER = "Format-Serving"
CHECKPOINT_FOLDER = "checkpoint"

_FIX = "Run the training that wrote it again: with --fresh, or with another --output."


def saved_model_dir(model_uri: str) -> str:
    """Returns the folder of a Model artifact's SavedModel."""
    return os.path.join(model_uri, SAVED_MODEL_FOLDER)


def checkpoint_dir(model_uri: str) -> str:
    """Returns the folder of a Model artifact's checkpoint."""
    return os.path.join(model_uri, CHECKPOINT_FOLDER)


def save_model(
    network: Network,
    settings: NetworkSettings,
    classes: ServedClasses,
    transform_graph_dir: str,
    model_uri: str,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Fills a Model artifact.

    Args:
        classes: Of the network's logits, and those that its signatures answer.
        transform_graph_dir: The TransformGraph artifact that the network was trained behind.
        model_uri: Root folder of the artifact.
        facts: What else to record of the model, as JSON values: where it was imported from, or what
            it was trained on.
    """
    metadata = {
        # The weights are in the checkpoint, wherever they began.
        "network": settings.without_weights().model_dump(mode="json"),
        "num_classes": len(classes.network),
        "class_names": list(classes.network),
        **(facts or {}),
    }
    path = os.path.join(model_uri, CHECKSUMS_FILE)
    if tf.io.gfile.exists(path):
        tf.io.gfile.remove(path)
    save_network_checkpoint(network, checkpoint_dir(model_uri), metadata)
    export_saved_model(network, transform_graph_dir, classes, saved_model_dir(model_uri))
    write_facts(saved_model_dir(model_uri), metadata, transform_graph_dir)
    # Last: an artifact with checksums is complete.
    write_checksums(model_uri, (CHECKPOINT_FOLDER, SAVED_MODEL_FOLDER))


def check_model(model_uri: str) -> None:
    """Refuses a Model artifact whose files changed after they were written.

    Call it before loading any of them: a SavedModel is a program.

    Raises:
        DataError: A file was changed or removed, or the artifact was never complete.
    """
    check_checksums(model_uri, _FIX)
