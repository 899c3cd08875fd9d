"""Distances between all pairs of rows."""

from __future__ import annotations

import tensorflow as tf


def squared_distances(rows: tf.Tensor) -> tf.Tensor:
    """Computes squared Euclidean distances between rows.

    Args:
        rows: f32 [N, D].

    Returns:
        f32 [N, N]: symmetric, at least 0, and exactly 0 on the diagonal.

    Example:
        >>> squared_distances(tf.constant([[0.0], [3.0]])).numpy().tolist()
        [[0.0, 9.0], [9.0, 0.0]]
    """
    # About the mean, where rounding is least; it changes no distance.
    rows = rows - tf.stop_gradient(tf.reduce_mean(rows, axis=0))
    products = tf.matmul(rows, rows, transpose_b=True)
    squares = tf.linalg.diag_part(products)
    distances = tf.nn.relu(squares[:, None] + squares[None, :] - 2.0 * products)
    return tf.linalg.set_diag(distances, tf.zeros_like(squares))
