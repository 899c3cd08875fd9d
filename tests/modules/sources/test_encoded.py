"""Checks of encoded images: accepted is what TensorFlow decodes to what the user sees."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from modules.core.errors import DataError
from modules.sources.encoded import (
    Decode,
    decode_with_pillow,
    decode_with_tensorflow,
    read_encoded_image,
)
from modules.sources.png import encode_pngs
from tests.modules.sources.images import encoded, noise

_16_BIT = Image.fromarray(np.asarray(noise()).astype(np.uint16) * 257)
_ACCEPTED = {
    "grey": (encoded(noise("L")), 1),
    "colour": (encoded(noise("RGB")), 3),
    "black and white": (encoded(noise("1")), 1),
    "palette": (encoded(noise("P")), 3),
    "16 bit": (encoded(_16_BIT), 1),
    "RGBA": (encoded(noise("RGBA")), 3),
    "grey with alpha": (encoded(noise("LA")), 1),
    "palette with alpha": (encoded(noise().quantize(4), transparency=3), 3),
    "grey JPEG": (encoded(noise("L"), "JPEG"), 1),
    "colour JPEG": (encoded(noise("RGB"), "JPEG"), 3),
    "CMYK JPEG": (encoded(noise("CMYK"), "JPEG"), 3),
    "progressive JPEG": (encoded(noise("RGB"), "JPEG", progressive=True), 3),
    "transparent grey": (encoded(noise(), transparency=4), 1),
    "transparent colour": (encoded(noise("RGB"), transparency=(1, 2, 3)), 3),
    "GIF": (encoded(noise("RGB"), "GIF"), 3),
    "grey GIF": (encoded(noise("L"), "GIF"), 1),
    "BMP": (encoded(noise("RGB"), "BMP"), 3),
    "WebP": (encoded(noise("RGB"), "WEBP"), 3),
    "TIFF": (encoded(noise("RGB"), "TIFF"), 3),
    "16-bit TIFF": (encoded(_16_BIT, "TIFF"), 1),
}
_CONVERTED = {
    "CMYK JPEG",
    "transparent grey",
    "transparent colour",
    "GIF",
    "grey GIF",
    "BMP",
    "WebP",
    "TIFF",
    "16-bit TIFF",
}


_DECODERS = pytest.mark.parametrize(
    "decode", [decode_with_tensorflow, decode_with_pillow], ids=["TensorFlow", "Pillow"]
)


@_DECODERS
@pytest.mark.parametrize("kind", _ACCEPTED)
def test_accepts_what_decodes_to_grey_or_colour(kind: str, decode: Decode) -> None:
    data, channels = _ACCEPTED[kind]
    stored = read_encoded_image(data, "file", decode=decode)
    assert stored.shape == (9, 7, channels)
    decoded = tf.io.decode_image(stored.content, channels, expand_animations=False)
    assert decoded.shape == (9, 7, channels)


@_DECODERS
@pytest.mark.parametrize("kind", sorted(set(_ACCEPTED) - _CONVERTED))
def test_what_tensorflow_shows_as_a_viewer_does_passes_unchanged(kind: str, decode: Decode) -> None:
    data, _ = _ACCEPTED[kind]
    assert read_encoded_image(data, "file", decode=decode).content == data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(1000)))
        + _chunk(b"IEND", b"")
    )


def _jpeg_that_claims(width: int, height: int) -> bytes:
    data = bytearray(encoded(noise(), "JPEG"))
    start_of_frame = data.index(b"\xff\xc0")
    data[start_of_frame + 5 : start_of_frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _gif_that_claims(width: int, height: int) -> bytes:
    data = bytearray(encoded(noise(), "GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


_DAMAGED = bytearray(encoded(noise()))
_DAMAGED[70] ^= 1
_REFUSED = {
    "nothing": (b"", "expected a PNG, JPEG, WebP, BMP, GIF or TIFF image"),
    "text": (b"hello", "data that begin with b'hello'"),
    "cut GIF": (encoded(noise(), "GIF")[:-40], "found damaged data"),
    "cut BMP": (encoded(noise(), "BMP")[:-30], "found damaged data"),
    "cut WebP": (encoded(noise(), "WEBP")[:20], "found a damaged header"),
    "cut TIFF": (encoded(noise(), "TIFF")[:50], "found a damaged header"),
    "TIFF of real numbers": (
        encoded(noise().convert("F"), "TIFF"),
        "expected 8-bit samples, or 16-bit grey, found samples of the kind F",
    ),
    # Found by fuzzing: the PNG that it would become is one that TensorFlow refuses.
    "TIFF of one endless row": (
        encoded(Image.new("L", (1_000_001, 1)), "TIFF", compression="tiff_deflate"),
        "expected sides of up to 65535 pixels, found 1000001 x 1",
    ),
    "GIF bomb": (_gif_that_claims(65_000, 65_000), "found 65000 x 65000"),
    "cut PNG": (encoded(noise())[:-30], "expected a complete PNG image"),
    "PNG without its end": (encoded(noise())[:-12], "expected a complete PNG image"),
    "damaged PNG": (bytes(_DAMAGED), "a damaged chunk at byte 33"),
    "PNG signature only": (encoded(noise())[:8], "expected a complete PNG image"),
    "PNG that lacks pixels": (_png_that_claims(2000, 100), "found damaged data"),
    "PNG bomb": (_png_that_claims(100_000, 100_000), "expected 1 to 64000000 pixels, found 100000"),
    "PNG just too large": (_png_that_claims(8_001, 8_000), "found 8001 x 8000"),
    "PNG of no pixels": (_png_that_claims(0, 5), "found 0 x 5"),
    "cut JPEG": (encoded(noise(), "JPEG")[:-30], "found damaged data"),
    "JPEG header only": (b"\xff\xd8\xff\xe0", "found a damaged header"),
    "JPEG bomb": (_jpeg_that_claims(65_000, 65_000), "found 65000 x 65000"),
}


@_DECODERS
@pytest.mark.parametrize("kind", _REFUSED)
def test_refuses_the_rest_with_place_and_reason(kind: str, decode: Decode) -> None:
    data, message = _REFUSED[kind]
    with pytest.raises(DataError, match=message) as caught:
        read_encoded_image(data, "folder/file", "record 7", decode=decode)
    assert str(caught.value).startswith("folder/file, record 7: expected")


@settings(deadline=None)
@given(data=st.data())
def test_any_cut_of_any_image_is_a_data_error(data: st.DataObject) -> None:
    (png,) = encode_pngs(np.eye(5, dtype="u1")[np.newaxis])
    whole = data.draw(st.sampled_from([encoded(noise("RGB")), png]))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DataError):
        read_encoded_image(whole[:cut], "file")


@settings(deadline=None)
@given(data=st.data())
def test_any_damaged_byte_of_a_png_is_a_data_error(data: st.DataObject) -> None:
    damaged = bytearray(encoded(noise("RGB")))
    position = data.draw(st.integers(0, len(damaged) - 1))
    damaged[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DataError):
        read_encoded_image(bytes(damaged), "file")
