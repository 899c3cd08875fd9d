"""Decoding: encoded images of any format, size and colour, in one batch."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from modules.images import decoding
from modules.images.decoding import decode_images

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (8, 8), np.uint8)
COLOUR = RNG.integers(0, 256, (8, 8, 3), np.uint8)
INK = np.where(RNG.random((8, 8)) < 0.3, 255, 0).astype(np.uint8)


def encode(
    pixels: np.ndarray, file_format: str = "PNG", mode: str | None = None, **options: Any
) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels, mode).save(buffer, file_format, **options)
    return buffer.getvalue()


def decode(*encoded: bytes, channels: int = 1, size: int = 8) -> np.ndarray:
    """Decodes with a nearest-neighbour resize, back to 0 to 255."""
    images = decode_images(
        tf.constant(list(encoded), tf.string),
        channels,
        size,
        lambda x: tf.image.resize(x, [size, size], "nearest"),
    )
    return (images * 255).numpy()


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "GIF"])
def test_lossless_formats_keep_every_pixel(file_format: str) -> None:
    decoded = decode(encode(GREY, file_format))
    np.testing.assert_allclose(decoded[0, ..., 0], GREY, atol=0.01)


@pytest.mark.parametrize("file_format", ["PNG", "BMP"])
def test_colours_are_kept_by_a_colour_network(file_format: str) -> None:
    decoded = decode(encode(COLOUR, file_format), channels=3)
    np.testing.assert_allclose(decoded[0], COLOUR, atol=1e-3)


def test_jpeg_is_decoded() -> None:
    flat = np.full((8, 8, 3), (200, 120, 40), np.uint8)
    decoded = decode(encode(flat, "JPEG", quality=95), channels=3)
    np.testing.assert_allclose(decoded[0], flat, atol=4)


def test_a_grey_network_gets_the_luminance_of_colour() -> None:
    expected = COLOUR @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(decode(encode(COLOUR))[0, ..., 0], expected, atol=0.01)


def test_a_colour_network_gets_grey_on_all_channels() -> None:
    decoded = decode(encode(GREY), channels=3)
    np.testing.assert_allclose(decoded[0], np.stack([GREY] * 3, -1), atol=1e-3)


def test_16_bit_images_are_scaled_to_the_same_range() -> None:
    deep = GREY.astype(np.uint16) * 257
    np.testing.assert_allclose(decode(encode(deep))[0, ..., 0], GREY, atol=1)


def test_the_first_frame_of_an_animation_counts() -> None:
    second = Image.fromarray(255 - GREY)
    animation = encode(GREY, "GIF", save_all=True, append_images=[second])
    np.testing.assert_allclose(decode(animation)[0, ..., 0], GREY, atol=0.01)


@pytest.mark.parametrize("colours", [2, 16, 200])
def test_palettes_are_looked_up(colours: int) -> None:
    image = Image.fromarray(COLOUR).quantize(colours)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    decoded = decode(buffer.getvalue(), channels=3)
    np.testing.assert_allclose(decoded[0], np.asarray(image.convert("RGB")), atol=1e-3)


def test_dark_ink_on_a_transparent_ground_lies_on_white_paper() -> None:
    transparent = np.stack([np.zeros_like(INK), INK], axis=-1)
    decoded = decode(encode(transparent, mode="LA"))
    np.testing.assert_allclose(decoded[0, ..., 0], 255 - INK, atol=0.1)


def test_bright_ink_on_a_transparent_ground_lies_on_black_paper() -> None:
    transparent = np.dstack([np.full((8, 8, 3), 255, np.uint8), INK])
    np.testing.assert_allclose(decode(encode(transparent))[0, ..., 0], INK, atol=0.1)


@pytest.mark.parametrize("alpha", [0, 255])
def test_an_even_alpha_channel_changes_nothing(alpha: int) -> None:
    rgba = np.dstack([COLOUR, np.full((8, 8), alpha, np.uint8)])
    np.testing.assert_allclose(decode(encode(rgba), channels=3)[0], COLOUR, atol=1e-3)


def test_a_mixed_batch_keeps_its_order_and_each_image_its_own_result() -> None:
    encoded = [
        encode(GREY),
        encode(COLOUR[:5]),
        encode(GREY[:, :3], "BMP"),
        encode(COLOUR, "JPEG"),
        encode(255 - GREY),
        encode(COLOUR[:5] // 2),
    ]
    alone = np.concatenate([decode(one, channels=3) for one in encoded])
    np.testing.assert_array_equal(decode(*encoded, channels=3), alone)


def test_chunks_bound_the_memory_and_change_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    images = RNG.integers(0, 256, (7, 8, 8), np.uint8)
    chunks: list[int] = []

    def resize(chunk: tf.Tensor) -> tf.Tensor:
        chunks.append(len(chunk))
        return chunk

    monkeypatch.setattr(decoding, "_CHUNK_PIXELS", 3 * 64)
    encoded = tf.constant([encode(image) for image in images])
    decoded = decode_images(encoded, 1, 8, resize)
    np.testing.assert_allclose(decoded[..., 0] * 255, images, atol=1e-3)
    assert chunks == [3, 3, 1]


def test_an_empty_batch_gives_an_empty_batch() -> None:
    assert decode(size=4).shape == (0, 4, 4, 1)


@pytest.mark.parametrize(
    "broken",
    [b"", b"no image", encode(GREY)[:20], encode(GREY)[:-30], encode(COLOUR, "JPEG")[:200]],
    ids=["empty", "text", "cut header", "cut PNG", "cut JPEG"],
)
def test_what_is_no_image_raises(broken: bytes) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode(encode(GREY), broken)


def test_graphs_and_data_pipelines_give_the_eager_result() -> None:
    encoded = [encode(GREY), encode(COLOUR[:4])] * 3
    dataset = tf.data.Dataset.from_tensor_slices(encoded).batch(4)
    piped = dataset.map(
        lambda batch: decode_images(batch, 1, 8, lambda x: tf.image.resize(x, [8, 8], "nearest"))
    )
    assert piped.element_spec == tf.TensorSpec([None, 8, 8, 1], tf.float32)
    batches = np.concatenate([batch * 255 for batch in piped])
    np.testing.assert_allclose(batches, decode(*encoded), atol=1e-3)
