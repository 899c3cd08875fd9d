"""Deslanting: ink is sheared upright, and what stands upright stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.images.deslanting import deslant_images
from modules.images.framing import frame_images, image_resizer
from modules.settings import PreprocessingSettings
from tests.modules.embedded_digits import train_digits

DIGITS, LABELS = train_digits("mnist", 1000)
PIXELS = np.arange(28)


def deslant(images: np.ndarray) -> np.ndarray:
    return deslant_images(tf.constant(images, tf.float32)).numpy()


def bar(slant: float, channels: int = 1) -> np.ndarray:
    """A thick stroke through the middle, [1, 28, 28, channels]."""
    middle = 13.5 + slant * (PIXELS - 13.5)
    ink = np.clip(2.5 - np.abs(PIXELS - middle[:, None]), 0, 1)
    ink[:6] = ink[22:] = 0
    return np.repeat(ink[None, ..., None], channels, axis=3)


def slants(images: np.ndarray) -> np.ndarray:
    mass = images.sum(3)
    total = mass.sum((1, 2))
    right = PIXELS - ((mass * PIXELS).sum((1, 2)) / total)[:, None, None]
    down = PIXELS[:, None] - ((mass * PIXELS[:, None]).sum((1, 2)) / total)[:, None, None]
    return (mass * right * down).sum((1, 2)) / (mass * down**2).sum((1, 2))


@settings(deadline=None, max_examples=25)
@given(slant=st.floats(-0.9, 0.9), channels=st.sampled_from([1, 3]))
def test_a_slanted_stroke_is_set_upright(slant: float, channels: int) -> None:
    np.testing.assert_allclose(deslant(bar(slant, channels)), bar(0.0, channels), atol=0.35)


def test_digits_no_longer_slant_and_keep_their_centre() -> None:
    upright = deslant(DIGITS)
    assert np.abs(slants(DIGITS)).mean() > 0.2
    assert np.abs(slants(upright)).mean() < 0.02
    for axis in (1, 2):
        before, after = (
            (images.sum((axis, 3)) @ PIXELS) / images.sum((1, 2, 3)) for images in (DIGITS, upright)
        )
        np.testing.assert_allclose(after, before, atol=0.2)


def test_digits_of_one_class_become_more_alike() -> None:
    def error(images: np.ndarray) -> float:
        """Share of digits whose nearest neighbour, by the cosine, is of another class."""
        rows = images.reshape(len(images), -1)
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        alike = rows @ rows.T
        np.fill_diagonal(alike, -1)
        return float(np.mean(LABELS[alike.argmax(1)] != LABELS))

    assert error(deslant(DIGITS)) < 0.8 * error(DIGITS)


def test_upright_and_symmetric_ink_stays_as_it_is() -> None:
    np.testing.assert_allclose(deslant(bar(0.0)), bar(0.0), atol=1e-5)


def test_an_extreme_slant_is_the_character_s_own() -> None:
    dash = np.swapaxes(bar(0.2), 1, 2)
    assert np.abs(deslant(dash)).sum() > 0.8 * dash.sum()


@pytest.mark.parametrize("count", [0, 2])
def test_an_image_without_ink_stays_empty(count: int) -> None:
    empty = np.zeros((count, 28, 28, 1))
    np.testing.assert_array_equal(deslant(empty), empty)


def test_framing_deslants_ink_of_either_polarity_and_no_photo() -> None:
    digits = tf.constant(DIGITS[:50], tf.float32)
    bright = frame_images(digits, 28, deslanted=True).numpy()
    assert np.abs(slants(bright)).mean() < 0.05
    dark = frame_images(1.0 - digits, 28, bright_ink=False, deslanted=True).numpy()
    np.testing.assert_allclose(dark, 1.0 - bright, atol=1e-3)
    photos = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    expected = frame_images(tf.constant(photos), 28)
    np.testing.assert_array_equal(frame_images(tf.constant(photos), 28, deslanted=True), expected)


def test_the_setting_deslants_what_framing_found() -> None:
    digits = tf.constant(DIGITS[:20], tf.float32)
    resize = image_resizer(PreprocessingSettings(deslanting=True), 28)
    np.testing.assert_array_equal(resize(digits), frame_images(digits, 28, deslanted=True))
    with pytest.raises(ValueError, match="Set framing: true, or deslanting: false"):
        PreprocessingSettings(framing=False, deslanting=True)
