"""Batch decoding of encoded images of any format and size inside a TensorFlow graph."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from modules.images.ink import luminance

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_MAGIC = b"\xff\xd8\xff"
_HEADER_BYTES = 26  # signature, IHDR length and name, width, height, bit depth, colour type
_GREY, _RGB = 0, 2  # PNG colour types without alpha or palette
# Pixels that are processed at once: bounds the memory that a batch of large photos takes.
_CHUNK_PIXELS = 4_000_000


def decode_images(
    encoded: tf.Tensor,
    channels: int,
    size: int,
    resize: Callable[[tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """Decodes a batch of images and brings each to one size.

    Images of equal size and kind are decoded and resized together: a batch of equals takes one
    pass. An image's result does not depend on the rest of its batch. Transparent images are laid on
    white or black paper, whichever their ink stands out from. 16-bit images keep their 8 high bits.
    Of a GIF, the first frame counts.

    Args:
        encoded: string `[N]`, each a PNG, JPEG, BMP or GIF.
        channels: 1 for grey (luminance of colour), 3 for RGB (grey is replicated).
        size: Height and width that `resize` gives.
        resize: Maps float32 `[n, h, w, channels]` in [0, 1] to float32 `[n, size, size, channels]`.

    Returns:
        float32 `[N, size, size, channels]`.

    Raises:
        tf.errors.InvalidArgumentError: When run, if an image cannot be decoded.

    Example:
        >>> png = tf.io.encode_png(tf.zeros([8, 8, 1], tf.uint8))
        >>> decode_images(tf.stack([png]), 3, 4, lambda x: tf.image.resize(x, [4, 4])).shape
        TensorShape([1, 4, 4, 3])
    """
    pngs = _as_pngs(encoded)
    kind, height, width = _read_headers(pngs)
    order, group = _sort_into_groups(kind, height, width)
    pngs, kind, height, width = (tf.gather(x, order) for x in (pngs, kind, height, width))
    total = tf.size(pngs)

    def next_chunk(start: tf.Tensor, done: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
        equals = tf.reduce_sum(tf.cast(group[start:] == group[start], tf.int32))
        fitting = _CHUNK_PIXELS / (
            tf.cast(height[start], tf.float32) * tf.cast(width[start], tf.float32)
        )
        end = start + tf.clip_by_value(tf.cast(fitting, tf.int32), 1, equals)
        images = _decode_equals(pngs[start:end], kind[start], channels)
        resized = tf.ensure_shape(resize(images), [None, size, size, channels])
        return end, done.write(done.size(), resized)

    done = tf.TensorArray(
        tf.float32,
        0,
        dynamic_size=True,
        infer_shape=False,
        element_shape=[None, size, size, channels],
    )
    # An empty batch has no chunk: it needs this empty element.
    done = done.write(0, tf.zeros([0, size, size, channels]))
    _, done = tf.while_loop(
        lambda start, _: start < total, next_chunk, (0, done), parallel_iterations=2
    )
    resized = tf.gather(done.concat(), tf.argsort(order))
    return tf.ensure_shape(resized, [None, size, size, channels])


def _read_headers(pngs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Colour type, height and width (int32 `[N]`) from the IHDR chunk of each PNG."""
    header = tf.cast(_leading_bytes(pngs, _HEADER_BYTES), tf.int32)
    place_values = tf.constant([1 << 24, 1 << 16, 1 << 8, 1])
    width = tf.reduce_sum(header[:, 16:20] * place_values, axis=1)
    height = tf.reduce_sum(header[:, 20:24] * place_values, axis=1)
    return header[:, 25], height, width


def _leading_bytes(strings: tf.Tensor, count: int) -> tf.Tensor:
    """uint8 `[N, count]`; short strings are padded with zeros."""
    return tf.io.decode_raw(tf.strings.substr(strings, 0, count), tf.uint8, fixed_length=count)


def _sort_into_groups(
    kind: tf.Tensor, height: tf.Tensor, width: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """An order that puts images of one kind and size side by side, and their group in it."""
    kind, height, width = (tf.cast(x, tf.int64) for x in (kind, height, width))
    key = (kind * 2**28 + height) * 2**28 + width
    order = tf.argsort(key, stable=True)
    return order, tf.gather(key, order)


def _as_pngs(encoded: tf.Tensor) -> tf.Tensor:
    """Re-encodes other formats as PNG, so that a header tells the size of every image."""
    signature = tf.constant(list(_PNG_SIGNATURE), tf.uint8)
    is_png = tf.reduce_all(_leading_bytes(encoded, len(_PNG_SIGNATURE)) == signature, axis=1)

    def to_png(one: tf.Tensor) -> tf.Tensor:
        pixels = tf.cond(
            tf.strings.substr(one, 0, len(_JPEG_MAGIC)) == _JPEG_MAGIC,
            # As other decoders do, Pillow among them: a photo that ingestion has turned upright
            # must give the same pixels as one that was stored upright.
            lambda: tf.io.decode_jpeg(one, dct_method="INTEGER_ACCURATE"),
            lambda: tf.io.decode_image(one, expand_animations=False),
        )
        return tf.io.encode_png(tf.ensure_shape(pixels, [None] * 3), compression=0)

    def reencode(one: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        return tf.cond(one[1], lambda: one[0], lambda: to_png(one[0]))

    return tf.cond(
        tf.reduce_all(is_png),
        lambda: encoded,
        lambda: tf.map_fn(reencode, (encoded, is_png), fn_output_signature=tf.string),
    )


def _decode_equals(pngs: tf.Tensor, kind: tf.Tensor, channels: int) -> tf.Tensor:
    """Decodes PNGs of one size and colour type to float32 `[n, h, w, channels]` in [0, 1]."""
    # Not tf.switch_case: TensorFlow Transform cannot hash its op.
    images = tf.cond(
        kind == _GREY,
        lambda: _to_channels(_decode_pixels(pngs, 1), channels),
        lambda: tf.cond(
            kind == _RGB,
            lambda: _to_channels(_decode_pixels(pngs, 3), channels),
            lambda: _to_channels(_lay_on_paper(_decode_pixels(pngs, 4)), channels),
        ),
    )
    return tf.ensure_shape(images, [None, None, None, channels])


def _decode_pixels(pngs: tf.Tensor, channels: int) -> tf.Tensor:
    pixels = tf.map_fn(
        lambda png: tf.io.decode_png(png, channels=channels),
        pngs,
        fn_output_signature=tf.TensorSpec([None, None, channels], tf.uint8),
        parallel_iterations=64,
    )
    return tf.cast(pixels, tf.float32) / 255.0


def _to_channels(images: tf.Tensor, channels: int) -> tf.Tensor:
    if channels == 1:
        return luminance(images)
    return images if images.shape[-1] == 3 else tf.repeat(images, 3, axis=-1)


def _lay_on_paper(images: tf.Tensor) -> tf.Tensor:
    """Composites RGBA `[n, h, w, 4]` over white where what is visible is dark, else over black."""
    colour, alpha = images[..., :3], images[..., 3:]
    # Alpha is relative to its largest value: some writers leave it at zero and mean opaque, and
    # TensorFlow fills the alpha of an opaque 4-bit palette with 15.
    most = tf.reduce_max(alpha, axis=[1, 2, 3], keepdims=True)
    alpha = tf.where(most > 0.0, tf.math.divide_no_nan(alpha, most), 1.0)
    ink = tf.math.divide_no_nan(
        tf.reduce_sum(luminance(colour) * alpha, axis=[1, 2, 3], keepdims=True),
        tf.reduce_sum(alpha, axis=[1, 2, 3], keepdims=True),
    )
    paper = tf.cast(ink < 0.5, tf.float32)
    return colour * alpha + paper * (1.0 - alpha)
