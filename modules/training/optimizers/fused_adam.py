"""Adam, its update fused into one pass over each variable."""

from __future__ import annotations

import keras
import tensorflow as tf

from modules.training.optimizers.reduction import ReducesOnlyReplicas


class FusedAdam(ReducesOnlyReplicas, keras.optimizers.Adam):
    """Keras's Adam, computed by TensorFlow's fused kernel where one replica trains.

    Keras composes the update from a dozen elementwise operations, each a pass over memory: a tenth
    of LeNet's training step. Under a distribution strategy Keras's own update is used.

    Reference: Kingma and Ba, Adam: A Method for Stochastic Optimization, ICLR 2015, section 2, in
    the order of computation given at its end.

    Example:
        >>> optimizer = FusedAdam(learning_rate=0.1)
        >>> variable = keras.Variable([1.0])
        >>> _ = optimizer.apply_gradients([(tf.constant([2.0]), variable)])
        >>> round(float(variable[0]), 3)
        0.9
    """

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Updates one variable and its two moments."""
        if tf.distribute.has_strategy() or self.amsgrad or variable.dtype != tf.float32:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.convert_to_tensor(gradient),
        )
