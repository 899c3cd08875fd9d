"""Images as they are embedded."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from modules.report.drawing.pictures import encoded_picture, preprocessed_picture


def pixels(uri: str) -> np.ndarray:
    kind, content = uri.split(",", 1)
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


@pytest.mark.parametrize("channels", [1, 3])
def test_small_images_are_shown_pixel_by_pixel(channels: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 6, channels)).astype(np.uint8)
    shown = pixels(encoded_picture(tf.io.encode_png(image).numpy()))
    np.testing.assert_array_equal(shown.reshape(image.shape), image)


def test_large_images_are_scaled_down_in_their_proportions() -> None:
    photo = tf.io.encode_jpeg(np.zeros((600, 300, 3), np.uint8)).numpy()
    assert pixels(encoded_picture(photo)).shape == (72, 36, 3)


def test_sixteen_bit_images_keep_their_brightness() -> None:
    image = np.full((4, 4, 1), 0x8000, np.uint16)
    assert pixels(encoded_picture(tf.io.encode_png(image).numpy())).max() == 0x80


def test_what_the_network_sees_is_stretched_from_black_to_white() -> None:
    image = np.array([[[-1.5], [0.0]], [[0.0], [1.5]]], np.float32)
    np.testing.assert_array_equal(pixels(preprocessed_picture(image)), [[0, 128], [128, 255]])


def test_an_even_image_is_black() -> None:
    assert pixels(preprocessed_picture(np.ones((3, 3, 3), np.float32))).max() == 0
