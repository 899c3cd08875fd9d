"""Masks that keep each domain's examples from being taken for classes of the other domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import keras
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


class MaskedObjective(Objective):
    """An objective that sees each stream's logits with the other domain's classes masked.

    Args:
        objective: Any objective.
        masks: What is added to the logits of each stream.
    """

    def __init__(self, objective: Objective, masks: Masks) -> None:
        super().__init__(name=f"masked_{objective.name}")
        self.objective = objective
        self._masks = Untracked(masks)

    def prepare(self, preparation: Preparation) -> None:
        """Prepares the objective, which sees the masks."""
        self.objective.prepare(replace(preparation, masks=self._masks.value))

    def facts(self) -> dict[str, float]:
        """Returns the objective's facts."""
        return self.objective.facts()

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the objective's losses."""
        return self.objective.losses(self._masked(streams), progress)

    def extra_variables(self) -> Sequence[keras.Variable | tf.Variable]:
        """Lists the objective's extra variables."""
        return self.objective.extra_variables()

    def scale_gradients(
        self,
        gradients: Sequence[tf.Tensor | None],
        variables: Sequence[keras.Variable | tf.Variable],
        progress: tf.Tensor,
    ) -> Sequence[tf.Tensor | None]:
        """Passes the gradients through the objective."""
        return self.objective.scale_gradients(gradients, variables, progress)

    def after_step(self, streams: Mapping[str, Stream]) -> None:
        """Updates the objective's state."""
        self.objective.after_step(self._masked(streams))

    def _masked(self, streams: Mapping[str, Stream]) -> dict[str, Stream]:
        masks = self._masks.value
        return {
            name: stream._replace(logits=stream.logits + masks[name]) if name in masks else stream
            for name, stream in streams.items()
        }
