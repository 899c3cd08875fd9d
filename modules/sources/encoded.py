"""Encoded images as the pipeline stores them: PNG or JPEG, as a viewer shows them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from modules.core.errors import DataError
from modules.sources.base import MAX_PIXELS, MAX_SIDE
from modules.sources.conversion import (
    UnreadableImage,
    UnsupportedSamples,
    has_foreign_colours,
    is_known,
    load,
    open_image,
    orientation,
    to_png,
)
from modules.sources.png import SIGNATURE

MAX_ENCODED_BYTES = 4 * MAX_PIXELS
_JPEG_MAGIC = b"\xff\xd8\xff"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # colour type: grey, RGB, palette, grey+A, RGB+A
_WITHOUT_ALPHA = (0, 2)
# What may change how a viewer shows a PNG, and TensorFlow ignores.
_METADATA_CHUNKS = {b"eXIf", b"iCCP"}
_FIX = "Replace the image, or remove it."

Decode = Callable[[bytes], None]
"""Decodes a PNG or JPEG in full; raises a ValueError if it is damaged."""


class ImageShape(NamedTuple):
    """Height and width in pixels, and 1 (grey) or 3 (colour) channels."""

    height: int
    width: int
    channels: int


class StoredImage(NamedTuple):
    """An image as the pipeline stores it.

    Args:
        content: PNG or JPEG.
        shape: What it decodes to.
    """

    content: bytes
    shape: ImageShape


class _Refused(Exception):
    """What was expected and what was found instead."""


def decode_with_tensorflow(data: bytes) -> None:
    """Decodes as the pipeline will: what passes is certain to be read there."""
    import tensorflow as tf  # Takes seconds; sources of raw pixels never need it.

    try:
        tf.io.decode_image(data, expand_animations=False)
    except tf.errors.InvalidArgumentError as error:
        raise ValueError(error.message) from None


def decode_with_pillow(data: bytes) -> None:
    """Decodes without TensorFlow and its seconds of import, for a first look at the data."""
    load(open_image(data))


def read_encoded_image(
    data: bytes, path: str, record: str = "", *, decode: Decode = decode_with_tensorflow
) -> StoredImage:
    """Decodes an image to prove that the pipeline can, and converts it where TensorFlow would err.

    A PNG or JPEG passes unchanged if TensorFlow decodes it to what a viewer shows: 16-bit samples,
    palettes and alpha channels, which the preprocessing lays on paper, included. Other formats, and
    images that a viewer turns by their EXIF orientation, in CMYK, with another profile than sRGB
    or with one transparent colour become PNGs. Of several frames the first counts.

    Args:
        data: A PNG, JPEG, WebP, BMP, GIF or TIFF file.
        path: Where it comes from.
        record: Which record of the file it is, for formats with many.
        decode: The decoder of images that pass unchanged.

    Returns:
        What the pipeline stores of it.

    Raises:
        DataError: The image has none of these formats, is damaged, or is larger than 64 megapixels.
    """
    try:
        if data.startswith(SIGNATURE):
            return _read_png(data, decode)
        if data.startswith(_JPEG_MAGIC):
            return _read_jpeg(data, decode)
        if is_known(data):
            return _converted(_opened(data))
        raise _Refused(
            "a PNG, JPEG, WebP, BMP, GIF or TIFF image", f"data that begin with {data[:8]!r}"
        )
    except _Refused as refused:
        expected, found = refused.args
        place = f"{path}, {record}" if record else path
        raise DataError(place, expected=expected, found=found, fix=_FIX) from None


def _read_png(data: bytes, decode: Decode) -> StoredImage:
    kinds = _check_png_chunks(data)
    width, height, _, colour_type = struct.unpack(">IIBB", data[16:26])
    if colour_type not in _PNG_CHANNELS:
        raise _Refused("a PNG colour type", f"type {colour_type}")
    shape = ImageShape(height, width, _PNG_CHANNELS[colour_type])
    _check_size(shape)
    # TensorFlow ignores a single transparent colour.
    if colour_type in _WITHOUT_ALPHA and b"tRNS" in kinds:
        return _converted(_opened(data))
    if kinds & _METADATA_CHUNKS and _differs(image := _opened(data)):
        return _converted(image)
    return _as_it_is(data, shape, decode)


def _read_jpeg(data: bytes, decode: Decode) -> StoredImage:
    image = _opened(data)
    shape = ImageShape(image.height, image.width, _channels(image))
    _check_size(shape)
    return _converted(image) if _differs(image) else _as_it_is(data, shape, decode)


def _differs(image: Image.Image) -> bool:
    """Whether a viewer shows other pixels than TensorFlow decodes."""
    return orientation(image) != 1 or has_foreign_colours(image)


def _as_it_is(data: bytes, shape: ImageShape, decode: Decode) -> StoredImage:
    try:
        decode(data)
    except ValueError:
        raise _Refused("an image that can be decoded", "damaged data") from None
    return StoredImage(data, shape)


def _converted(image: Image.Image) -> StoredImage:
    _check_size(ImageShape(image.height, image.width, _channels(image)))
    try:
        content, stored = to_png(image)
    except UnsupportedSamples as error:
        raise _Refused("8-bit samples, or 16-bit grey", str(error)) from None
    except UnreadableImage:
        raise _Refused("an image that can be decoded", "damaged data") from None
    return StoredImage(content, ImageShape(stored.height, stored.width, _channels(stored)))


def _check_size(shape: ImageShape) -> None:
    if not 0 < shape.height * shape.width <= MAX_PIXELS:
        raise _Refused(f"1 to {MAX_PIXELS} pixels", f"{shape.width} x {shape.height}")
    if max(shape.height, shape.width) > MAX_SIDE:
        raise _Refused(f"sides of up to {MAX_SIDE} pixels", f"{shape.width} x {shape.height}")


def _channels(image: Image.Image) -> int:
    return 1 if image.mode in ("1", "L", "LA") or image.mode.startswith("I;16") else 3


def _opened(data: bytes) -> Image.Image:
    try:
        return open_image(data)
    except UnreadableImage:
        raise _Refused("an image with a valid header", "a damaged header") from None


def _check_png_chunks(data: bytes) -> set[bytes]:
    """Checks each chunk's length and CRC (TensorFlow ignores the CRC); returns their kinds."""
    kinds: set[bytes] = set()
    begin = len(SIGNATURE)
    while b"IEND" not in kinds:
        size, kind = struct.unpack(">I4s", data[begin : begin + 8].ljust(8, b"\0"))
        end = begin + 12 + size
        if end > len(data):
            raise _Refused("a complete PNG image", f"its end after {len(data)} bytes")
        if zlib.crc32(memoryview(data)[begin + 4 : end - 4]) != int.from_bytes(
            data[end - 4 : end], "big"
        ):
            raise _Refused("an intact PNG image", f"a damaged chunk at byte {begin}")
        if not kinds and (kind != b"IHDR" or size != 13):
            raise _Refused("a PNG image that begins with its header", f"chunk {kind!r}")
        kinds.add(kind)
        begin = end
    return kinds
