"""A distance between the domains' features as a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import tensorflow as tf

from modules.training.objectives import SOURCE, UNLABELLED, Objective, Stream


class FeatureAlignment(Objective):
    """The distance between source and unlabelled target features.

    Args:
        name: Name of the loss.
        distance: From features of both domains, f32 [N, D] and [M, D], to an f32 scalar.
        weight: Factor of the loss.
    """

    def __init__(
        self, name: str, distance: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], weight: float
    ) -> None:
        super().__init__(name=name)
        self.distance = distance
        self.weight = weight

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the weighted distance; each replica compares its own shard."""
        distance = self.distance(streams[SOURCE].features, streams[UNLABELLED].features)
        return {self.name: tf.nn.scale_regularization_loss(self.weight * distance)}
