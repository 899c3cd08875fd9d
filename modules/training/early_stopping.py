"""Ends a training whose own loss has ceased to fall."""

from __future__ import annotations

import tensorflow as tf

from modules.settings.optimization import EarlyStoppingSettings


class EarlyStopping(tf.Module):
    """Watches the training loss, averaged over one window of steps after the other.

    Keras's callback of that name works with an epoch where this has a window. All of it happens
    inside the compiled loop, so no step waits for Python, and the step that a training ends at
    depends neither on the machine's speed nor on interruptions. The variables belong into the
    training's checkpoints.

    Reference: Prechelt, Early Stopping - But When?, in Neural Networks: Tricks of the Trade, 1998,
    section 2; with the training loss in place of a validation loss, so no image is held out.

    Example:
        >>> stopping = EarlyStopping(EarlyStoppingSettings(min_delta=0.1, window=1, patience=1))
        >>> stopping.after_step(tf.constant(0.5))
        >>> stopping.after_step(tf.constant(0.45))
        >>> bool(stopping.stopped)
        True
    """

    def __init__(self, settings: EarlyStoppingSettings) -> None:
        super().__init__(name="early_stopping")
        self._settings = settings
        self._seen = tf.Variable(0, dtype=tf.int64, trainable=False, name="seen")
        self._sum = tf.Variable(0.0, trainable=False, name="sum")
        self._best = tf.Variable(tf.float32.max, trainable=False, name="best")
        self._waited = tf.Variable(0, dtype=tf.int64, trainable=False, name="waited")

    @property
    def stopped(self) -> tf.Tensor:
        """Whether the training has to end, a bool scalar."""
        return self._waited >= self._settings.patience

    @property
    def reason(self) -> str:
        """Why the training has ended."""
        settings = self._settings
        return (
            f"the mean loss of {settings.window} steps fell by less than {settings.min_delta:g} "
            f"within {settings.window * settings.patience} steps"
        )

    def after_step(self, loss: tf.Tensor) -> None:
        """Takes in the loss of one step, f32 scalar; to be called in the order of the steps."""
        total, seen = self._sum + loss, self._seen + 1
        is_full = seen >= self._settings.window
        mean = total / self._settings.window
        improved = mean < self._best - self._settings.min_delta
        waited = tf.where(improved, tf.zeros_like(self._waited), self._waited + 1)
        best = tf.where(improved, mean, self._best)
        self._best.assign(tf.where(is_full, best, self._best))
        self._waited.assign(tf.where(is_full, waited, self._waited))
        self._sum.assign(tf.where(is_full, tf.zeros_like(total), total))
        self._seen.assign(tf.where(is_full, tf.zeros_like(seen), seen))
