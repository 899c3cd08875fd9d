"""Random numbers for single images of a batch, as a function of a seed."""

from __future__ import annotations

import tensorflow as tf


def draw_uniform(images: tf.Tensor, seed: tf.Tensor, count: int, share: float) -> list[tf.Tensor]:
    """Draws `count` uniform numbers in [-1, 1) per image, float32 `[N]` each; 0 outside `share`."""
    size = tf.shape(images)[0]
    uniform = tf.random.stateless_uniform([count + 1, size], seed, -1.0, 1.0, alg="philox")
    is_touched = uniform[0] < 2.0 * share - 1.0
    return tf.unstack(tf.where(is_touched, uniform[1:], 0.0))


def per_image(values: tf.Tensor) -> tf.Tensor:
    """Shapes a number per image, `[N]`, so that it applies to `[N, H, W, C]`."""
    return values[:, None, None, None]
