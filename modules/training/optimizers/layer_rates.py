"""Learning rates that differ from layer to layer: discriminative fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def with_layer_rates(
    kind: type[keras.optimizers.Optimizer], rates: Sequence[float]
) -> type[keras.optimizers.Optimizer]:
    """Makes an optimizer class that multiplies the learning rate of single variables.

    Scaling gradients instead would change nothing in Adam and its kin, whose steps do not depend on
    the gradients' scale. Decoupled weight decay keeps the common learning rate.

    Reference: Howard and Ruder, Universal Language Model Fine-tuning for Text Classification, ACL
    2018, section 3.2 (discriminative fine-tuning).

    Args:
        kind: A Keras optimizer.
        rates: Factors of the learning rate, of the first variables that the optimizer is built for;
            the others have 1.

    Example:
        >>> optimizer = with_layer_rates(keras.optimizers.SGD, [0.5])(learning_rate=1.0)
        >>> near, far = tf.Variable(0.0), tf.Variable(0.0)
        >>> optimizer.build([near, far])
        >>> one = tf.constant(1.0)
        >>> _ = optimizer.apply_gradients([(one, near), (one, far)])
        >>> float(near), float(far)
        (-0.5, -1.0)
    """
    factors = tuple(rates)

    class LayerRates(kind):  # type: ignore[misc, valid-type]
        def update_step(
            self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: Any
        ) -> None:
            index = self._get_variable_index(variable)
            factor = factors[index] if index < len(factors) else 1.0
            super().update_step(gradient, variable, learning_rate * factor)

    return LayerRates
