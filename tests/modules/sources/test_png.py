"""The PNG encoder: general decoders get back exactly the pixels that went in."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from modules.sources.png import encode_pngs

_sides = st.integers(1, 40)
_shapes = st.one_of(
    st.tuples(_sides, _sides),
    st.tuples(_sides, _sides, st.sampled_from([1, 3])),
)


@settings(deadline=None)
@given(pixels=npst.arrays(np.uint8, _shapes))
def test_pil_and_tensorflow_decode_the_pixels(pixels: np.ndarray) -> None:
    (png,) = encode_pngs(pixels[np.newaxis])
    with_channels = pixels.reshape(*pixels.shape[:2], -1)
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert image.mode == ("L" if with_channels.shape[2] == 1 else "RGB")
        np.testing.assert_array_equal(np.asarray(image).reshape(with_channels.shape), with_channels)
    np.testing.assert_array_equal(tf.io.decode_png(png).numpy(), with_channels)


@pytest.mark.parametrize("width", [65_533, 65_534, 65_535, 131_069, 131_070, 200_000])
def test_images_around_and_above_one_stored_block_decode(width: int) -> None:
    pixels = (np.arange(width) % 251).astype(np.uint8)[np.newaxis]
    np.testing.assert_array_equal(
        tf.io.decode_png(*encode_pngs(pixels[np.newaxis]))[..., 0], pixels
    )


@pytest.mark.parametrize("shape", [(5, 3, 4), (5, 3, 4, 1), (5, 3, 4, 3)])
def test_a_batch_gives_each_image_s_own_encoding(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    one_by_one = [next(encode_pngs(image[np.newaxis])) for image in images]
    assert list(encode_pngs(images)) == one_by_one
