"""The fastest that this machine multiplies matrices, with the threads that training has."""

from __future__ import annotations

import time

import tensorflow as tf

SIDE = 2048
_TRIALS = 5


def matrix_product_speed(dtype: str) -> float:
    """Multiplies large square matrices, and keeps the fastest of some trials after a warm-up.

    Args:
        dtype: `float32` or `bfloat16`.

    Returns:
        Floating-point operations a second.
    """
    left, right = (
        tf.cast(tf.random.stateless_uniform((SIDE, SIDE), (seed, 0), -1.0, 1.0), dtype)
        for seed in range(2)
    )
    multiply = tf.function(tf.matmul, autograph=False)
    _wait_for(multiply(left, right))
    seconds = []
    for _ in range(_TRIALS):
        started = time.perf_counter()
        _wait_for(multiply(left, right))
        seconds.append(time.perf_counter() - started)
    return 2 * SIDE**3 / min(seconds)


def _wait_for(product: tf.Tensor) -> None:
    # A GPU only queues its work.
    product[0, 0].numpy()
