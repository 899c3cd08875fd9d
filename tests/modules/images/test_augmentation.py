"""Augmentation: random distortions that follow the seed and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.images.augmentation import _dilate, augment_images
from tests.modules.embedded_digits import train_digits

DIGITS = train_digits("mnist", 200)[0]


def augment(images: np.ndarray, *seed: int) -> np.ndarray:
    return augment_images(tf.constant(images, tf.float32), tf.constant(seed)).numpy()


def test_equal_seeds_give_equal_images() -> None:
    np.testing.assert_array_equal(augment(DIGITS, 3, 7), augment(DIGITS, 3, 7))


@pytest.mark.parametrize("seed", [(3, 8), (4, 7)])
def test_either_half_of_the_seed_changes_the_images(seed: tuple[int, int]) -> None:
    assert np.abs(augment(DIGITS, 3, 7) - augment(DIGITS, *seed)).mean() > 0.02


def test_equal_images_in_a_batch_are_distorted_differently() -> None:
    augmented = augment(DIGITS[:1].repeat(50, axis=0), 0, 0)
    assert len(np.unique(augmented.reshape(50, -1).round(4), axis=0)) > 45


def test_graphs_give_the_eager_result() -> None:
    compiled = tf.function(augment_images)(tf.constant(DIGITS), tf.constant([1, 2]))
    np.testing.assert_allclose(compiled, augment(DIGITS, 1, 2), atol=1e-5)


def test_most_images_change_but_stay_recognisable() -> None:
    augmented = augment(DIGITS, 0, 1)
    change = np.abs(augmented - DIGITS).mean((1, 2, 3))
    assert np.mean(change > 0.005) > 0.9
    alike = [
        np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(augmented, DIGITS, strict=True)
    ]
    assert np.median(alike) > 0.6


@settings(deadline=None, max_examples=25)
@given(scale=st.floats(0.1, 20), shift=st.floats(-5, 5), seed=st.integers(0, 2**31 - 1))
def test_pixel_scaling_does_not_matter(scale: float, shift: float, seed: int) -> None:
    few = DIGITS[:8]
    scaled = augment(few * scale + shift, seed, 0)
    np.testing.assert_allclose((scaled - shift) / scale, augment(few, seed, 0), atol=2e-3)


@settings(deadline=None, max_examples=25)
@given(
    size=st.sampled_from([8, 28, 33]),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 2**31 - 1),
)
def test_shape_type_and_range_are_kept(size: int, channels: int, seed: int) -> None:
    images = np.random.default_rng(seed).normal(0, 2, (4, size, size, channels))
    augmented = augment(images, seed, 1)
    assert augmented.shape == images.shape
    assert augmented.dtype == np.float32
    axes = (1, 2, 3)
    assert np.all(augmented.min(axes) >= images.min(axes) - 1e-4)
    assert np.all(augmented.max(axes) <= images.max(axes) + 1e-4)


@pytest.mark.parametrize("level", [-0.4, 0.0, 3.0])
def test_a_constant_image_stays_constant(level: float) -> None:
    images = np.full((20, 28, 28, 1), level, np.float32)
    np.testing.assert_array_equal(augment(images, 0, 0), images)


def test_an_empty_batch_gives_an_empty_batch() -> None:
    assert augment(DIGITS[:0], 0, 0).shape == (0, 28, 28, 1)


def test_the_surface_around_the_ink_continues_at_the_border() -> None:
    light = augment(1 - DIGITS, 5, 5)
    border = np.concatenate([light[:, 0], light[:, -1], light[:, :, 0], light[:, :, -1]], axis=1)
    assert np.mean(border > 0.5) > 0.97


@pytest.mark.parametrize("reach", [1, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_dilation_takes_the_brightest_pixel_of_each_neighbourhood(
    reach: int, channels: int
) -> None:
    images = tf.random.stateless_uniform([3, 9, 7, channels], [0, reach])
    expected = tf.nn.max_pool2d(images, 2 * reach + 1, 1, "SAME")
    np.testing.assert_array_equal(_dilate(images, reach), expected)
