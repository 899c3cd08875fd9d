"""Masks that keep each domain's examples from being taken for classes of the other domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.core.untracked import Untracked
from modules.domains.label_space import LabelSpace
from modules.training.objectives import (
    SOURCE,
    TARGET,
    UNLABELLED,
    Objective,
    Preparation,
    Stream,
)
from modules.transfer.composition import Composition
from modules.transfer.method import MethodContext

# Finite: infinity times a probability of zero would not be a number.
_MASKED = -1e9

Masks = Mapping[str, npt.NDArray[np.float32]]


def class_masks(space: LabelSpace) -> dict[str, npt.NDArray[np.float32]]:
    """Makes what is added to the logits of each stream, f32 [K]; none where nothing is masked.

    Example:
        >>> masks = class_masks(LabelSpace(("a", "b"), ("b", "a", "c")))
        >>> {stream: mask.tolist() for stream, mask in masks.items()}
        {'source': [0.0, 0.0, -1000000000.0]}
    """
    source = np.arange(len(space.source))
    rows = {SOURCE: source, TARGET: space.target_rows, UNLABELLED: space.target_rows}
    masks = {}
    for stream, own in rows.items():
        if len(own) < len(space.classes):
            masks[stream] = np.full(len(space.classes), _MASKED, np.float32)
            masks[stream][own] = 0.0
    return masks


class MaskedObjective(Composition):
    """An objective that sees each stream's logits with the other domain's classes masked.

    Args:
        context: Settings and sizes.
        objective: Any objective.
        masks: What is added to the logits of each stream.
    """

    def __init__(self, context: MethodContext, objective: Objective, masks: Masks) -> None:
        super().__init__(context, objective)
        self._masks = Untracked(masks)

    def prepare(self, preparation: Preparation) -> None:
        """Prepares the objective, which sees the masks."""
        super().prepare(replace(preparation, masks=self._masks.value))

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the objective's losses."""
        return super().losses(self._masked(streams), progress)

    def after_step(self, streams: Mapping[str, Stream]) -> None:
        """Updates the objective's state."""
        super().after_step(self._masked(streams))

    def _masked(self, streams: Mapping[str, Stream]) -> dict[str, Stream]:
        masks = self._masks.value
        return {
            name: stream._replace(logits=stream.logits + masks[name]) if name in masks else stream
            for name, stream in streams.items()
        }
