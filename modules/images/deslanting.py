"""Deslanting: characters are sheared upright, as batched TensorFlow ops."""

from __future__ import annotations

import tensorflow as tf

# Largest shear, in pixels to the side for each pixel down. A stronger slant is the character's own.
_MOST_SLANT = 1.0


def deslant_images(images: tf.Tensor) -> tf.Tensor:
    """Shears ink sideways until it does not lean: its rows' centres follow a vertical line.

    The slant is that of the regression of the ink's columns on its rows, by second moments about
    the centre of mass, which stays where it is.

    Reference: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
    recognition", Proc. IEEE 1998, section III-B (deslanted images).

    Args:
        images: float32 `[N, S, S, C]` in [0, 1], bright ink on black.

    Returns:
        float32 `[N, S, S, C]` in [0, 1].

    Example:
        >>> leaning = tf.reverse(tf.eye(5), [1])[None, :, :, None]  # a slash
        >>> deslant_images(leaning)[0, :, 2, 0].numpy().tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    size = images.shape[1]
    pixels = tf.range(float(size))
    mass = tf.reduce_sum(images, axis=3)
    total = tf.reduce_sum(mass, axis=[1, 2])

    def mean(weighted: tf.Tensor) -> tf.Tensor:
        return tf.math.divide_no_nan(tf.reduce_sum(weighted, axis=[1, 2]), total)

    centre_x, centre_y = mean(mass * pixels), mean(mass * pixels[:, None])
    right = pixels - centre_x[:, None, None]
    down = pixels[:, None] - centre_y[:, None, None]
    slant = tf.math.divide_no_nan(mean(mass * right * down), mean(mass * down * down))
    slant = tf.clip_by_value(slant, -_MOST_SLANT, _MOST_SLANT)
    zero, one = tf.zeros_like(slant), tf.ones_like(slant)
    # From output to input coordinates.
    shear = tf.stack([one, slant, -slant * centre_y, zero, one, zero, zero, zero], axis=1)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=shear,
        output_shape=tf.constant([size, size]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
