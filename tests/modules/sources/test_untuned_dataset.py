"""A dataset without tf.data's tuner."""

from __future__ import annotations

import tensorflow as tf

from modules.sources.untuned_dataset import untuned


def test_its_elements_are_the_same_in_the_same_order() -> None:
    dataset = tf.data.Dataset.range(50).map(
        lambda number: number * number, num_parallel_calls=tf.data.AUTOTUNE
    )
    assert list(untuned(dataset).as_numpy_iterator()) == [number**2 for number in range(50)]


def test_nothing_made_of_it_is_tuned_either() -> None:
    dataset = untuned(tf.data.Dataset.range(3)).batch(2)
    assert dataset.options().autotune.enabled is False
