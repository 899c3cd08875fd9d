"""The model that a transfer starts from, trained by this pipeline or imported."""

from __future__ import annotations

from modules.core.class_names import read_class_names
from modules.domains.label_space import LabelSpace
from modules.models.artifact import IMPORTED, checkpoint_dir
from modules.models.checkpointing import (
    CLASS_NAMES,
    read_checkpoint_metadata,
    read_network_settings,
)
from modules.networks.registry import NETWORKS
from modules.settings import SavedGraphSettings
from modules.settings.plans import TransferPlan


def start_class_names(source_examples: str | None, base_model: str) -> list[str]:
    """Returns the source's class names; without a source, those of the model.

    Args:
        source_examples: Root of the source's Examples artifact, if there is one.
        base_model: Root of the Model artifact.

    Raises:
        DataError: They cannot be read.
    """
    if source_examples is not None:
        return read_class_names(source_examples)
    return list(read_checkpoint_metadata(checkpoint_dir(base_model))[CLASS_NAMES])


def unknown_classes(model: str, space: LabelSpace) -> list[str]:
    """Returns the new classes that the model to start from does not know either.

    Args:
        model: Root of its Model artifact. A served model may know them.
        space: Classes of both domains.
    """
    known = read_checkpoint_metadata(checkpoint_dir(model)).get(CLASS_NAMES, space.source)
    return [name for name in space.new if name not in known]


def follow_model(plan: TransferPlan, base_model: str | None) -> TransferPlan:
    """Takes over the network of an imported model; one that is a graph only stays one.

    Args:
        base_model: Root of the Model artifact; None where nothing is imported.

    Raises:
        ConfigError: The configuration names a network that there is not.
        DataError: The artifact is incomplete.
    """
    if base_model is None:
        return plan
    directory = checkpoint_dir(base_model)
    if IMPORTED not in read_checkpoint_metadata(directory):
        return plan
    # Registers the layers of a plug-in that the configuration names.
    NETWORKS.find(plan.network.name)
    settings = read_network_settings(directory)
    if not isinstance(settings, SavedGraphSettings):
        return plan.model_copy(update={"network": settings})
    return plan.model_copy(
        update={"transfer": plan.transfer.model_copy(update={"restore": "graph"})}
    )
