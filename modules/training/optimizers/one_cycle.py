"""The one-cycle learning rate schedule: a linear rise, then a linear fall to zero."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

_FIRST_SHARE = 0.1  # the first rate, as a share of the highest
_RISE = 0.2  # share of the steps


class OneCycle(LearningRateSchedule):  # type: ignore[misc]
    """Rises from a tenth of the learning rate over a fifth of the steps, then falls to zero.

    The rise lets a training bear a higher rate than one that begins with it, so that it needs fewer
    steps.

    Reference: Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large
    Learning Rates, 2018, section 3. Momentum stays as it is.

    Args:
        learning_rate: The highest rate.
        steps: Length of the training.

    Example:
        >>> schedule = OneCycle(1.0, steps=10)
        >>> [round(float(schedule(step)), 3) for step in (0, 1, 2, 6, 10)]
        [0.1, 0.55, 1.0, 0.5, 0.0]
    """

    def __init__(self, learning_rate: float, steps: int) -> None:
        super().__init__()
        self._learning_rate = learning_rate
        self._steps = steps

    def __call__(self, step: int | tf.Tensor) -> tf.Tensor:
        """Gives the rate of a step, 0-based, float32."""
        done = tf.cast(step, tf.float32) / self._steps
        rise = _FIRST_SHARE + (1 - _FIRST_SHARE) * done / _RISE
        fall = (1 - done) / (1 - _RISE)
        return self._learning_rate * tf.maximum(tf.minimum(rise, fall), 0.0)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {"learning_rate": self._learning_rate, "steps": self._steps}
