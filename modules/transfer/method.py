"""The contract of a transfer method: an objective that names the data it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from modules.domains.label_space import ANY_CLASSES, Relation
from modules.settings import Settings, TransferSettings
from modules.training.objectives import Objective


@dataclass(frozen=True)
class MethodContext:
    """What a method is made from, before any data or weights are read.

    Attributes:
        settings: The transfer section of the configuration.
        num_classes: K, all classes of source and target. Each stream's logits are masked to the
            classes of its own domain.
        feature_dim: D, the width of the network's features.
        seed: Seed of everything that the method draws or initialises.
    """

    settings: TransferSettings
    num_classes: int
    feature_dim: int
    seed: int


class TransferMethod(Objective):
    """An objective of the training on the target domain.

    A method is one class in one file, registered by name in `modules.transfer.methods`. Streams are
    `target` (the labelled shots), `source` (labelled) and `unlabelled` (all images of the target's
    train split, without labels). Each step the network runs once, on all streams together.

    Args:
        context: Settings and sizes.
        options: Of a method that is a plug-in: an instance of its `Options`.

    Attributes:
        required_streams: Streams that the method needs.
        optional_streams: Streams that it also trains on if they exist, such as the shots of a
            method that needs no target labels.
        has_center_loss: Whether the method includes center loss unless the settings say otherwise.
        distorts_unlabelled: Whether augmentation distorts unlabelled images, too. Otherwise they
            show the target as it is.
        label_relations: What the target's classes may be to the source's.
    """

    required_streams: ClassVar[frozenset[str]] = frozenset()
    optional_streams: ClassVar[frozenset[str]] = frozenset()
    has_center_loss: ClassVar[bool] = False
    distorts_unlabelled: ClassVar[bool] = False
    label_relations: ClassVar[frozenset[Relation]] = ANY_CLASSES

    def __init__(self, context: MethodContext, options: Settings | None = None) -> None:
        super().__init__(name=type(self).__name__)
        self.context = context
        self.options = options

    @classmethod
    def trains(cls) -> bool:
        """Whether the method has any stream to train on."""
        return bool(cls.required_streams | cls.optional_streams)
