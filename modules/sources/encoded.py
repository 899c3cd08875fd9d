"""Checks of encoded images (PNG, JPEG) before they enter the pipeline unchanged."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image, JpegImagePlugin

from modules.core.errors import DataError
from modules.sources.base import MAX_PIXELS
from modules.sources.png import SIGNATURE

MAX_ENCODED_BYTES = 4 * MAX_PIXELS
_JPEG_MAGIC = b"\xff\xd8\xff"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # colour type: grey, RGB, palette, grey+A, RGB+A
_WITHOUT_ALPHA = (0, 2)
# What Pillow raises on damaged files, by format and by how far it gets.
_PILLOW_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)

Decode = Callable[[bytes], None]
"""Decodes a PNG or JPEG in full; raises a ValueError if it is damaged."""


class ImageShape(NamedTuple):
    """Height and width in pixels, and 1 (grey) or 3 (colour) channels."""

    height: int
    width: int
    channels: int


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
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as image:
            image.load()
    except _PILLOW_ERRORS as error:
        raise ValueError(str(error)) from None


def check_encoded_image(
    data: bytes, path: str, record: str = "", *, decode: Decode = decode_with_tensorflow
) -> ImageShape:
    """Decodes an image to prove that the pipeline can, within bounds.

    Accepts what a decoder converts: 16-bit samples, palettes, CMYK, and alpha channels, which the
    preprocessing lays on paper. Refuses a single transparent colour without an alpha channel:
    TensorFlow ignores it.

    Args:
        data: A PNG or JPEG file.
        path: Where it comes from.
        record: Which record of the file it is, for formats with many.
        decode: The decoder.

    Returns:
        The shape of the decoded image.

    Raises:
        DataError: The image is no PNG or JPEG, damaged, or larger than 64 megapixels.
    """
    try:
        if data.startswith(SIGNATURE):
            shape = _png_shape(data)
        elif data.startswith(_JPEG_MAGIC):
            shape = _jpeg_shape(data)
        else:
            raise _Refused("a PNG or JPEG image", f"data that begin with {data[:8]!r}")
        if not 0 < shape.height * shape.width <= MAX_PIXELS:
            raise _Refused(f"1 to {MAX_PIXELS} pixels", f"{shape.width} x {shape.height}")
        try:
            decode(data)
        except ValueError:
            raise _Refused("an image that can be decoded", "damaged data") from None
    except _Refused as refused:
        expected, found = refused.args
        place = f"{path}, {record}" if record else path
        fix = "Replace the image, or remove it."
        raise DataError(place, expected=expected, found=found, fix=fix) from None
    return shape


def _png_shape(data: bytes) -> ImageShape:
    kinds = _check_png_chunks(data)
    width, height, _, colour_type = struct.unpack(">IIBB", data[16:26])
    if colour_type not in _PNG_CHANNELS:
        raise _Refused("a PNG colour type", f"type {colour_type}")
    if colour_type in _WITHOUT_ALPHA and b"tRNS" in kinds:
        raise _Refused("an alpha channel or no transparency", "one transparent colour")
    return ImageShape(height, width, _PNG_CHANNELS[colour_type])


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


def _jpeg_shape(data: bytes) -> ImageShape:
    try:
        # Image.open would refuse a bomb before its size is known, which belongs in the message.
        with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
            return ImageShape(image.height, image.width, 1 if len(image.getbands()) == 1 else 3)
    except _PILLOW_ERRORS:
        raise _Refused("a JPEG image with a valid header", "a damaged header") from None
