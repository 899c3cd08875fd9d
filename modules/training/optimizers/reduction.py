"""What lets an optimizer's compiled steps be freed after the training."""

from __future__ import annotations

from typing import TypeAlias

import keras
import tensorflow as tf

GradientAndVariable: TypeAlias = tuple[tf.Tensor, tf.Variable]


class ReducesOnlyReplicas(keras.optimizers.Optimizer):
    """Mixed in before a Keras optimizer: sums gradients over replicas only where there are several.

    With one replica the sum changes nothing, but TensorFlow would register a gradient function that
    keeps the graph, with all weights and moments, until the process ends.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: list[GradientAndVariable]) -> list:
        if tf.distribute.has_strategy():
            return super()._all_reduce_sum_gradients(grads_and_vars)
        return list(grads_and_vars)
