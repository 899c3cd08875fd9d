"""Ink: what counts as ink, in which polarity, and when there is none."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from modules.images.ink import brighten_ink, find_ink, luminance
from tests.modules.embedded_digits import train_digits


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return train_digits("mnist", 2000)[0]


def colour_photos(count: int) -> np.ndarray:
    """Smooth random colours, with as much contrast at the border as anywhere."""
    rng = np.random.default_rng(0)
    coarse = rng.random((count, 6, 6, 3), np.float32)
    return tf.image.resize(coarse, [32, 32], "bicubic").numpy().clip(0, 1)


@pytest.mark.parametrize("domain", ["mnist", "optdigits"])
def test_digits_are_never_inverted(domain: str) -> None:
    images, _ = train_digits(domain, 2000)
    np.testing.assert_array_equal(brighten_ink(tf.constant(images)), images)


def test_dark_ink_on_a_light_background_is_inverted(digits: np.ndarray) -> None:
    np.testing.assert_allclose(brighten_ink(tf.constant(1 - digits)), digits, atol=1e-5)


def test_dark_ink_is_found_on_noisy_paper(digits: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    paper = 0.85 - 0.7 * digits[:500] + rng.normal(0, 0.04, digits[:500].shape)
    ink = find_ink(tf.constant(paper.clip(0, 1), tf.float32))
    assert np.mean(ink.present & (ink.polarity < 0)) > 0.99


def test_photos_are_not_taken_for_ink() -> None:
    photos = colour_photos(200)
    assert np.mean(find_ink(tf.constant(photos)).present) < 0.05


def test_a_plain_surface_holds_no_ink() -> None:
    surfaces = tf.constant(np.linspace(0, 1, 11, dtype=np.float32)[:, None, None, None])
    images = tf.tile(surfaces, [1, 9, 9, 1])
    assert not np.any(find_ink(images).present)
    np.testing.assert_array_equal(brighten_ink(images), images)


def test_lone_pixels_are_speckles_rather_than_ink(digits: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    salted = np.where(rng.random(digits[:500].shape) < 0.05, 1, digits[:500])
    assert not np.any(find_ink(tf.constant(digits[:500])).speckled)
    assert np.mean(find_ink(tf.constant(salted, tf.float32)).speckled) > 0.7


def test_colour_and_grey_versions_of_an_image_agree(digits: np.ndarray) -> None:
    grey = tf.constant(1 - digits[:50])
    colour = tf.repeat(grey, 3, axis=-1)
    np.testing.assert_allclose(find_ink(colour).mask, find_ink(grey).mask, atol=1e-3)
    np.testing.assert_allclose(luminance(colour), grey, atol=1e-3)
