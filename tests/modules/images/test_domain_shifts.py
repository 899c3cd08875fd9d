"""Generated shifts: seeded, of the promised kind, and still the same characters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import ConfigError
from modules.images.domain_shifts import shift_images, shift_names


@pytest.fixture(scope="module")
def bars() -> np.ndarray:
    """Upright bars in the middle, uint8 [6, 28, 28]."""
    images = np.zeros([6, 28, 28], np.uint8)
    images[:, 6:22, 12:16] = 255
    return images


@pytest.mark.parametrize("name", shift_names())
def test_a_shift_is_an_image_again_and_follows_its_seed(bars: np.ndarray, name: str) -> None:
    one, same = (shift_images(bars, name, seed=1) for _ in range(2))
    assert one.dtype == np.uint8
    assert len(one) == 6
    np.testing.assert_array_equal(one, same)
    assert one.shape != bars.shape or not np.array_equal(one, bars)


@pytest.mark.parametrize("name", shift_names())
def test_an_image_is_shifted_alike_whatever_follows_it(bars: np.ndarray, name: str) -> None:
    np.testing.assert_array_equal(
        shift_images(bars[:2], name, seed=1), shift_images(bars, name, seed=1)[:2]
    )


@pytest.mark.parametrize(
    "name", ["rotation", "translation", "scale", "blur", "noise", "textured_colour"]
)
def test_each_image_draws_its_own_strength(bars: np.ndarray, name: str) -> None:
    shifted = shift_images(bars, name, seed=1)
    assert not np.array_equal(shifted[0], shifted[1])


def test_moving_keeps_every_pixel_of_ink(bars: np.ndarray) -> None:
    shifted = shift_images(bars, "translation", seed=1)
    assert shifted.shape == (6, 56, 56)
    np.testing.assert_array_equal(shifted.sum(axis=(1, 2)), bars.sum(axis=(1, 2)))


@given(st.integers(0, 2**31 - 1))
def test_inverting_twice_gives_the_image_back(seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, [2, 5, 7], np.uint8)
    twice = shift_images(shift_images(images, "inverted", seed), "inverted", seed)
    np.testing.assert_array_equal(twice, images)


def test_rotation_turns_the_bar_by_20_degrees_at_least(bars: np.ndarray) -> None:
    for image in shift_images(bars, "rotation", seed=1).astype(float):
        rows, columns = np.nonzero(image > 128)
        direction = np.linalg.svd(np.stack([rows - rows.mean(), columns - columns.mean()]))[0][:, 0]
        assert 18 < np.degrees(np.arccos(abs(direction[0]))) < 42


def test_strokes_get_thicker_and_thinner(bars: np.ndarray) -> None:
    def ink_share(images: np.ndarray) -> float:
        return float(np.mean(images / 255.0))

    assert ink_share(shift_images(bars, "thin", 0)) < 0.9 * ink_share(bars)
    assert ink_share(shift_images(bars, "thick", 0)) > 1.1 * ink_share(bars)


def test_low_resolution_has_few_pixels(bars: np.ndarray) -> None:
    assert shift_images(bars, "low_resolution", 0).shape == (6, 9, 9)


def test_ink_stands_out_from_coloured_paper(bars: np.ndarray) -> None:
    shifted = shift_images(bars, "textured_colour", seed=1)
    assert shifted.shape == (6, 28, 28, 3)
    brightness = shifted @ np.array([0.299, 0.587, 0.114])
    ink, paper = brightness[:, 8:20, 13:15], brightness[:, :, :4]
    assert np.all(np.abs(ink.mean(axis=(1, 2)) - paper.mean(axis=(1, 2))) > 50)


def test_an_unknown_shift_is_refused_with_the_nearest_one(bars: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="did you mean 'rotation'"):
        shift_images(bars, "rotatoin", seed=0)
