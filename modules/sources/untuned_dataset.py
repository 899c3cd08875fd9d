"""Datasets of tf.data without its tuner, which makes them wait at their end."""

from __future__ import annotations

import tensorflow as tf


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the same dataset, whose parallelism tf.data does not change while it runs.

    tf.data looks after 10 ms whether other numbers of threads would be better, and then after ever
    longer pauses, each twice as long as the one before. An iterator that ends during a pause often
    waits until it is over: for up to as long again as it has lived.

    Args:
        dataset: Of any elements; an automatic number of parallel calls becomes that of the cores.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
