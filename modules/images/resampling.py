"""Separable, antialiased resampling of image batches in which every image has its own geometry."""

from __future__ import annotations

import tensorflow as tf


def sampling_matrix(positions: tf.Tensor, spacing: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """Computes weights that sample a row of pixels anywhere, with the Keys cubic kernel.

    The kernel widens with the spacing where samples lie further apart than pixels, so that
    shrinking does not alias. Beyond its ends the row counts as zero.

    Args:
        positions: float32 `[N, M]`, where to sample; pixel `i` has its centre at `i + 0.5`.
        spacing: float32 `[N]`, distance between neighbouring samples, in pixels.
        length: int32 scalar `L`, pixels in the row.

    Returns:
        float32 `[N, M, L]`; the matrix product with a row of `L` pixels gives `M` samples.

    Reference:
        Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981,
        eq. 15.

    Example:
        >>> identity = sampling_matrix(tf.constant([[0.5, 1.5]]), tf.constant([1.0]), 2)
        >>> identity.numpy().tolist()
        [[[1.0, 0.0], [0.0, 1.0]]]
    """
    centres = tf.range(tf.cast(length, tf.float32)) + 0.5
    sharpness = 1.0 / tf.maximum(spacing, 1.0)[:, None, None]
    distance = tf.abs(centres - positions[:, :, None]) * sharpness
    near = (1.5 * distance - 2.5) * distance * distance + 1.0
    far = ((2.5 - 0.5 * distance) * distance - 4.0) * distance + 2.0
    kernel = tf.where(distance < 1.0, near, tf.where(distance < 2.0, far, 0.0))
    return kernel * sharpness


def resample(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Applies one sampling matrix per image and axis.

    Args:
        images: float32 `[N, H, W, C]`.
        rows: float32 `[N, P, H]`, from `sampling_matrix`.
        columns: float32 `[N, Q, W]`, from `sampling_matrix`.

    Returns:
        float32 `[N, P, Q, C]`.
    """
    channels = images.shape[-1]
    planes = [
        tf.matmul(tf.matmul(rows, images[..., channel]), columns, transpose_b=True)
        for channel in range(channels)
    ]
    return tf.stack(planes, axis=-1)
