"""Checks of encoded images (PNG, JPEG) before they enter the pipeline unchanged."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from modules.core.errors import DataError
from modules.sources.base import MAX_PIXELS
from modules.sources.image_decoders import ImageDecoder, TensorFlowDecoder
from modules.sources.png import SIGNATURE

MAX_ENCODED_BYTES = 4 * MAX_PIXELS
_JPEG_MAGIC = b"\xff\xd8\xff"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # colour type: grey, RGB, palette, grey+A, RGB+A
_WITHOUT_ALPHA = (0, 2)
_FIX = "Replace the image, or remove it."
_TENSORFLOW = TensorFlowDecoder()


class ImageShape(NamedTuple):
    """Height and width in pixels, and 1 (grey) or 3 (colour) channels."""

    height: int
    width: int
    channels: int


class _Refused(Exception):
    """What was expected and what was found instead."""


def check_encoded_image(
    data: bytes, path: str, record: str = "", *, decoder: ImageDecoder = _TENSORFLOW
) -> ImageShape:
    """Decodes an image to prove that the pipeline can, within bounds.

    What a decoder converts is accepted: 16-bit samples, palettes, CMYK, and alpha channels, which
    the preprocessing lays on paper. A single transparent colour without an alpha channel is not:
    TensorFlow ignores it.

    Args:
        data: A PNG or JPEG file.
        path: Where it comes from.
        record: Which record of the file it is, for formats with many.
        decoder: Proves it; the pipeline's own unless told.

    Returns:
        The shape of the decoded image.

    Raises:
        DataError: The image is no PNG or JPEG, damaged, or larger than 64 megapixels.
    """
    try:
        if data.startswith(SIGNATURE):
            return _check_png(data, decoder)
        if data.startswith(_JPEG_MAGIC):
            return _check_jpeg(data, decoder)
        raise _Refused("a PNG or JPEG image", f"data that begin with {data[:8]!r}")
    except _Refused as refused:
        expected, found = refused.args
        place = f"{path}, {record}" if record else path
        raise DataError(place, expected=expected, found=found, fix=_FIX) from None


def _check_png(data: bytes, decoder: ImageDecoder) -> ImageShape:
    kinds = _check_png_chunks(data)
    width, height, _, colour_type = struct.unpack(">IIBB", data[16:26])
    if colour_type not in _PNG_CHANNELS:
        raise _Refused("a PNG colour type", f"type {colour_type}")
    _check_pixels(height, width)
    if colour_type in _WITHOUT_ALPHA and b"tRNS" in kinds:
        raise _Refused("an alpha channel or no transparency", "one transparent colour")
    _decode(data, decoder)
    return ImageShape(height, width, _PNG_CHANNELS[colour_type])


def _check_png_chunks(data: bytes) -> set[bytes]:
    """Checks each chunk's length and CRC (TensorFlow ignores the CRC); returns their kinds."""
    kinds: set[bytes] = set()
    begin = len(SIGNATURE)
    while b"IEND" not in kinds:
        if begin + 12 > len(data):
            raise _Refused("a complete PNG image", f"its end after {len(data)} bytes")
        size, kind = struct.unpack(">I4s", data[begin : begin + 8])
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


def _check_jpeg(data: bytes, decoder: ImageDecoder) -> ImageShape:
    try:
        height, width, channels = decoder.jpeg_shape(data)
    except ValueError:
        raise _Refused("a JPEG image with a valid header", "a damaged header") from None
    _check_pixels(height, width)
    _decode(data, decoder)
    return ImageShape(height, width, 1 if channels == 1 else 3)


def _check_pixels(height: int, width: int) -> None:
    if not 0 < height * width <= MAX_PIXELS:
        raise _Refused(f"1 to {MAX_PIXELS} pixels", f"{width} x {height}")


def _decode(data: bytes, decoder: ImageDecoder) -> None:
    try:
        decoder.decode(data)
    except ValueError:
        raise _Refused("an image that can be decoded", "damaged data") from None
