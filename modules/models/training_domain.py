"""What a model records about the domain that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modules.core.example_features import TRAIN_SPLIT
from modules.domains.description import DomainDescription, SplitDescription
from modules.models.artifact import checkpoint_dir
from modules.models.checkpointing import CLASS_NAMES, read_checkpoint_metadata

# Key of network.json: examples of each class in the train split, in the order of its names.
TRAIN_COUNTS = "train_counts"


def count_classes(labels: np.ndarray, num_classes: int) -> dict[str, list[int]]:
    """Makes the record of a train split with labels int64 [N] in [0, num_classes)."""
    return {TRAIN_COUNTS: np.bincount(labels, minlength=num_classes).tolist()}


def describe_training_domain(model_uri: str) -> DomainDescription:
    """Describes the domain that a model was trained on, as far as the model says.

    Args:
        model_uri: Root of a Model artifact.

    Returns:
        Its classes, and, where the model has recorded them, their examples in the train split.
    """
    metadata = read_checkpoint_metadata(checkpoint_dir(model_uri))
    counts = metadata.get(TRAIN_COUNTS)
    splits = {}
    if counts:
        by_label = dict(enumerate(counts))
        splits[TRAIN_SPLIT] = SplitDescription(sum(counts), by_label, True, {})
    return DomainDescription("the model's training data", metadata[CLASS_NAMES], splits)


def notes_on_training_domain(domain: DomainDescription) -> Sequence[str]:
    """Says what of a target was compared with the model's training data, and what was not."""
    if domain.splits:
        return [
            "No source is given. Class shares were compared with those that the model recorded; "
            "images were not compared."
        ]
    return ["No source is given, and the model records no statistics: nothing was compared."]
