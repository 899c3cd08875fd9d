"""How a trained network lies in a Model artifact: a SavedModel, and a checkpoint by name."""

from __future__ import annotations

import os
from collections.abc import Sequence

from modules.checkpointing import Network, save_network_checkpoint
from modules.serving import export_saved_model
from modules.settings import NetworkSettings

SAVED_MODEL_FOLDER = "Format-Serving"
CHECKPOINT_FOLDER = "checkpoint"


def saved_model_dir(model_uri: str) -> str:
    """Returns the folder of a Model artifact's SavedModel."""
    return os.path.join(model_uri, SAVED_MODEL_FOLDER)


def checkpoint_dir(model_uri: str) -> str:
    """Returns the folder of a Model artifact's checkpoint."""
    return os.path.join(model_uri, CHECKPOINT_FOLDER)


def save_model(
    network: Network,
    settings: NetworkSettings,
    class_names: Sequence[str],
    transform_graph_dir: str,
    model_uri: str,
) -> None:
    """Fills a Model artifact.

    Args:
        network: A trained Keras network or restored graph.
        settings: The network's settings.
        class_names: K names in label order.
        transform_graph_dir: The TransformGraph artifact that the network was trained behind.
        model_uri: Root folder of the artifact.
    """
    metadata = {
        "network": settings.model_dump(mode="json"),
        "num_classes": len(class_names),
        "class_names": list(class_names),
    }
    save_network_checkpoint(network, checkpoint_dir(model_uri), metadata)
    # Last: where the SavedModel is, the artifact is complete.
    export_saved_model(
        network, settings, transform_graph_dir, class_names, saved_model_dir(model_uri)
    )
