"""Resampling: images read at fractional positions."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.images.resampling import resample, sampling_matrix


@settings(deadline=None, max_examples=30)
@given(length=st.integers(1, 40))
def test_sampling_at_the_pixels_is_the_identity(length: int) -> None:
    positions = tf.range(float(length))[None] + 0.5
    matrix = sampling_matrix(positions, tf.constant([1.0]), length)
    np.testing.assert_allclose(matrix[0], np.eye(length), atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(position=st.floats(3, 17), spacing=st.floats(0.1, 1.0))
def test_samples_of_a_straight_line_lie_on_it(position: float, spacing: float) -> None:
    line = np.arange(20, dtype=np.float32) + 0.5
    matrix = sampling_matrix(tf.constant([[position]]), tf.constant([spacing]), 20).numpy()
    np.testing.assert_allclose(matrix[0] @ line, [position], rtol=1e-4)


def test_shrinking_averages_what_would_alias() -> None:
    stripes = np.tile(np.array([0, 1], np.float32), 50)
    positions = (tf.range(10.0)[None] + 0.5) * 10
    shrunk = sampling_matrix(positions, tf.constant([10.0]), 100).numpy()[0] @ stripes
    np.testing.assert_allclose(shrunk[2:-2], 0.5, atol=0.01)


def test_each_image_and_axis_has_its_own_matrix() -> None:
    images = tf.random.stateless_uniform([2, 3, 4, 3], [0, 1])
    rows = tf.random.stateless_uniform([2, 5, 3], [0, 2])
    columns = tf.random.stateless_uniform([2, 6, 4], [0, 3])
    expected = np.einsum("nph,nhwc,nqw->npqc", rows, images, columns)
    np.testing.assert_allclose(resample(images, rows, columns), expected, rtol=1e-5)
