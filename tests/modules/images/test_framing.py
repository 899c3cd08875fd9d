"""Framing: ink is found, scaled and centred as MNIST does, or left alone."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from modules.images.framing import frame_images, resize_images
from tests.modules.embedded_digits import train_digits
from tests.modules.images.test_ink import colour_photos

DIGITS, LABELS = train_digits("mnist", 1000)
INK = DIGITS[:, 4:24, 4:24]  # MNIST's ink lies in a box of 20 x 20, not quite in the middle


@functools.cache
def compiled_framing(channels: int, size: int, bright_ink: bool) -> Callable[..., tf.Tensor]:
    signature = [tf.TensorSpec([None, None, None, channels])]
    return tf.function(lambda x: frame_images(x, size, bright_ink), signature, autograph=False)


def frame(images: np.ndarray, size: int = 28, bright_ink: bool = True) -> np.ndarray:
    return compiled_framing(images.shape[-1], size, bright_ink)(np.float32(images)).numpy()


def place(ink: np.ndarray, height: int, width: int, top: int, left: int) -> np.ndarray:
    canvas = np.zeros((len(ink), height, width, 1), np.float32)
    canvas[:, top : top + ink.shape[1], left : left + ink.shape[2]] = ink
    return canvas


def test_mnist_is_framed_already() -> None:
    framed = frame(DIGITS)
    assert np.abs(framed - DIGITS).mean() < 0.03
    assert np.corrcoef(framed.ravel(), DIGITS.ravel())[0, 1] > 0.96


def test_ink_becomes_20_of_28_pixels_long_and_its_mass_is_centred() -> None:
    framed = frame(place(INK[:200], 50, 40, 3, 17))[..., 0]
    pixels = np.arange(28) + 0.5
    mass = framed.sum((1, 2))
    np.testing.assert_allclose(framed.sum(2) @ pixels / mass, 14.5, atol=0.3)
    np.testing.assert_allclose(framed.sum(1) @ pixels / mass, 14.5, atol=0.3)
    box = framed > 0.3
    longest = np.maximum(box.any(1).sum(1), box.any(2).sum(1))
    assert np.all((longest >= 18) & (longest <= 22))


@settings(deadline=None, max_examples=25)
@given(top=st.integers(1, 30), left=st.integers(1, 40))
def test_where_the_ink_lies_does_not_matter(top: int, left: int) -> None:
    expected = frame(place(INK[:20], 52, 62, 1, 1))
    np.testing.assert_allclose(frame(place(INK[:20], 52, 62, top, left)), expected, atol=1e-3)


@pytest.mark.parametrize("factor", [2, 3, 10])
def test_how_large_the_ink_is_does_not_matter(factor: int) -> None:
    enlarged = DIGITS[:50].repeat(factor, axis=1).repeat(factor, axis=2)
    assert np.abs(frame(enlarged) - frame(DIGITS[:50])).mean() < 0.015


@pytest.mark.parametrize(("contrast", "brightness"), [(-1.0, 1.0), (0.25, 0.3), (-0.5, 0.8)])
def test_polarity_contrast_and_brightness_do_not_matter(contrast: float, brightness: float) -> None:
    toned = contrast * DIGITS[:100] + brightness
    np.testing.assert_allclose(frame(toned), frame(DIGITS[:100]), atol=1e-4)


def test_dark_ink_can_stay_dark() -> None:
    framed = frame(1 - DIGITS[:50], bright_ink=False)
    np.testing.assert_allclose(framed, 1 - frame(DIGITS[:50]), atol=1e-4)


def test_the_aspect_ratio_is_kept() -> None:
    bar = place(np.ones((1, 40, 10, 1)), 60, 60, 5, 5)
    framed = frame(bar)[0, ..., 0]
    np.testing.assert_allclose(framed.sum(0).max(), 20, atol=0.5)
    np.testing.assert_allclose(framed.sum(1).max(), 5, atol=0.5)


def test_faint_noise_and_a_few_specks_do_not_blow_up_the_box() -> None:
    rng = np.random.default_rng(0)
    image = place(INK[:100], 60, 60, 10, 10)
    noisy = (0.2 + 0.7 * image + rng.normal(0, 0.03, image.shape)).clip(0, 1)
    noisy[:, 50, 50] = noisy[:, 4, 52] = 0.9
    difference = np.abs(frame(noisy) - frame(image)).mean((1, 2, 3))
    assert np.quantile(difference, 0.95) < 0.05


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_blank_image_stays_blank(level: float) -> None:
    np.testing.assert_allclose(frame(np.full((2, 9, 12, 1), level)), level, atol=1e-5)


def test_a_photo_is_resized_and_not_framed() -> None:
    photos = colour_photos(20)
    np.testing.assert_allclose(frame(photos), resize_images(photos, 28), atol=1e-5)


def test_speckled_dark_ink_is_resized_but_still_made_bright() -> None:
    rng = np.random.default_rng(0)
    salted = np.where(rng.random((20, 28, 28, 1)) < 0.08, 1, DIGITS[:20])
    np.testing.assert_allclose(frame(1 - salted), salted, atol=1e-5)
    np.testing.assert_allclose(frame(1 - salted, bright_ink=False), 1 - salted, atol=1e-5)


def test_an_image_is_framed_alike_in_any_batch() -> None:
    photo = resize_images(colour_photos(1), 28).numpy()[..., :1]
    together = frame(np.concatenate([DIGITS[:3], photo, DIGITS[3:5]]))
    alone = np.concatenate([frame(DIGITS[:3]), frame(photo), frame(DIGITS[3:5])])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_colour_ink_is_framed_as_grey_ink_and_keeps_its_hue() -> None:
    grey = frame(DIGITS[:20])
    replicated = frame(DIGITS[:20].repeat(3, axis=-1))
    np.testing.assert_allclose(replicated, grey.repeat(3, axis=-1), atol=1e-3)
    red = np.array([1, 0, 0], np.float32)
    np.testing.assert_allclose(frame(DIGITS[:20] * red), grey * red, atol=1e-3)


@settings(deadline=None, max_examples=40)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
    size=st.sampled_from([5, 28]),
    seed=st.integers(0, 2**31 - 1),
    is_binary=st.booleans(),
)
def test_any_image_gives_finite_pixels_in_range(
    height: int, width: int, channels: int, size: int, seed: int, is_binary: bool
) -> None:
    images = np.random.default_rng(seed).random((3, height, width, channels), np.float32)
    framed = frame(images.round() if is_binary else images, size)
    assert framed.shape == (3, size, size, channels)
    assert np.all((framed >= 0) & (framed <= 1))


def test_framing_brings_another_domain_near_mnist() -> None:
    target, target_labels = train_digits("optdigits", 400)
    source = frame(DIGITS).reshape(len(DIGITS), -1)
    classifier = KNeighborsClassifier(3).fit(source, LABELS)
    resized = resize_images(target, 28).numpy().reshape(len(target), -1)
    framed = frame(target).reshape(len(target), -1)
    assert classifier.score(framed, target_labels) > classifier.score(resized, target_labels) + 0.15
