"""Photographs: random views that follow the seed and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.core.errors import ConfigError
from modules.images.augmentation_registry import AUGMENTATIONS
from modules.images.photo_augmentation import augment_photos


def photos(count: int, size: int = 16, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Smooth colour, as photographs have it."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((count, 4, 4, channels))
    return tf.image.resize(coarse, [size, size], "bicubic").numpy().astype(np.float32)


def augment(images: np.ndarray, *seed: int) -> np.ndarray:
    return augment_photos(tf.constant(images, tf.float32), tf.constant(seed)).numpy()


def test_equal_seeds_give_equal_images_in_graphs_too() -> None:
    images = photos(20)
    np.testing.assert_array_equal(augment(images, 3, 7), augment(images, 3, 7))
    compiled = tf.function(augment_photos)(tf.constant(images), tf.constant([3, 7]))
    np.testing.assert_allclose(compiled, augment(images, 3, 7), atol=1e-5)
    for other in ((3, 8), (4, 7)):
        assert np.abs(augment(images, 3, 7) - augment(images, *other)).mean() > 0.02


def test_equal_images_in_a_batch_are_seen_differently() -> None:
    views = augment(photos(1).repeat(50, axis=0), 0, 0)
    assert len(np.unique(views.reshape(50, -1).round(4), axis=0)) > 40


def test_about_half_of_the_images_are_mirrored_and_none_is_turned_over() -> None:
    # Brighter to the right and, by less, to the bottom: both survive cropping.
    ramp = np.linspace(0, 1, 16, dtype=np.float32)
    image = np.tile((ramp + 0.5 * ramp[:, None])[..., None], 3)
    views = augment(np.tile(image, (400, 1, 1, 1)), 1, 2).mean(axis=3)
    rightwards = views[:, :, 8:].mean((1, 2)) - views[:, :, :8].mean((1, 2))
    downwards = views[:, 8:].mean((1, 2)) - views[:, :8].mean((1, 2))
    assert 0.4 < np.mean(rightwards < 0) < 0.6
    assert np.all(downwards > 0)


def test_grey_images_stay_grey_and_colours_change() -> None:
    grey = photos(30, channels=1).repeat(3, axis=-1)
    views = augment(grey, 5, 5)
    np.testing.assert_allclose(views[..., 0], views[..., 2], atol=1e-5)
    colour = photos(30)

    def saturation(images: np.ndarray) -> np.ndarray:
        return np.ptp(images, axis=-1).mean((1, 2))

    assert np.std(saturation(augment(colour, 5, 5)) / saturation(colour)) > 0.1


@settings(deadline=None, max_examples=20)
@given(
    size=st.sampled_from([8, 33]),
    channels=st.sampled_from([1, 3]),
    scale=st.floats(0.1, 20),
    shift=st.floats(-5, 5),
    seed=st.integers(0, 2**31 - 1),
)
def test_shape_type_range_and_scaling_are_kept(
    size: int, channels: int, scale: float, shift: float, seed: int
) -> None:
    images = photos(4, size, channels, seed % 1000)
    views, scaled = augment(images, seed, 0), augment(images * scale + shift, seed, 0)
    assert views.shape == images.shape
    assert views.dtype == np.float32
    axes = (1, 2, 3)
    assert np.all(views.min(axes) >= images.min(axes) - 1e-4)
    assert np.all(views.max(axes) <= images.max(axes) + 1e-4)
    np.testing.assert_allclose((scaled - shift) / scale, views, atol=2e-3)


def test_constant_images_and_empty_batches_pass() -> None:
    images = np.full((20, 16, 16, 3), -0.4, np.float32)
    np.testing.assert_array_equal(augment(images, 0, 0), images)
    assert augment(images[:0], 0, 0).shape == (0, 16, 16, 3)


def test_augmentations_are_found_by_name() -> None:
    assert AUGMENTATIONS.find("photo") is augment_photos
    with pytest.raises(ConfigError, match="'photos'; did you mean 'photo'"):
        AUGMENTATIONS.find("photos")
