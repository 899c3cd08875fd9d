"""The contract of a network, whether built from code or restored from a saved graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import keras
import tensorflow as tf

FEATURES = "features"
LOGITS = "logits"


class Network(Protocol):
    """A classifier of images that gives its features, too.

    Variables of a network that was built from code are Keras variables, those of a restored graph
    are TensorFlow's; optimizers take both.
    """

    def __call__(self, images: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        """Runs the network.

        Args:
            images: f32 [N, S, S, C], as the TransformGraph gives them.
            training: Whether dropout and the like are active.

        Returns:
            `{"features": f32 [N, D], "logits": f32 [N, K]}`.
        """

    @property
    def variables(self) -> Sequence[keras.Variable | tf.Variable]:
        """All weights, and state such as the seeds of dropout."""

    @property
    def trainable_variables(self) -> Sequence[keras.Variable | tf.Variable]:
        """The weights that training changes."""

    @property
    def named_variables(self) -> dict[str, tf.Variable]:
        """The weights, without state, by names such as `conv1/kernel`."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of an input image: S, S, C."""

    @property
    def num_classes(self) -> int:
        """K, the width of the logits."""

    @property
    def feature_dim(self) -> int:
        """D, the width of the features."""

    def to_float32(self) -> Network:
        """Returns a network with the same weights that computes in float32 throughout."""


def tf_variables(variables: Iterable[keras.Variable | tf.Variable]) -> list[tf.Variable]:
    """Returns the variables, Keras's as the TensorFlow variables that they hold."""
    return [
        variable.value if isinstance(variable, keras.Variable) else variable
        for variable in variables
    ]
