"""Converts images with Pillow: upright, in sRGB, as PNG."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import TypeVar

from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Photographs: a higher level takes several times as long for a few percent.
_PNG_LEVEL = 1
_COLOUR_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}

_T = TypeVar("_T")
Opener = Callable[[io.BytesIO], Image.Image]

# By class, because Image.open refuses a bomb before its size, which belongs in the message, is
# known.
_OPENERS: tuple[tuple[bytes, int, Opener], ...] = (
    (PngImagePlugin._MAGIC, 0, PngImagePlugin.PngImageFile),
    (b"\xff\xd8\xff", 0, JpegImagePlugin.JpegImageFile),
    (b"WEBP", 8, WebPImagePlugin.WebPImageFile),
    (b"GIF8", 0, GifImagePlugin.GifImageFile),
    (b"BM", 0, BmpImagePlugin.BmpImageFile),
    (b"II*\0", 0, TiffImagePlugin.TiffImageFile),
    (b"MM\0*", 0, TiffImagePlugin.TiffImageFile),
    (b"II+\0", 0, TiffImagePlugin.TiffImageFile),
    (b"MM\0+", 0, TiffImagePlugin.TiffImageFile),
)


class UnreadableImage(ValueError):
    """Pillow cannot read an image."""


class UnsupportedSamples(UnreadableImage):
    """An image's samples are neither 8-bit nor 16-bit grey."""


def is_known(data: bytes) -> bool:
    """Whether data begin as a file of a known format does."""
    return _opener(data) is not None


def open_image(data: bytes) -> Image.Image:
    """Reads an image's header.

    Raises:
        UnreadableImage: The header is damaged, or the format is not known.
    """
    opener = _opener(data)
    if opener is None:
        raise UnreadableImage("not a known format")
    return _readable(lambda: opener(io.BytesIO(data)))


def load(image: Image.Image) -> None:
    """Decodes an image, the first frame of several.

    Raises:
        UnreadableImage: It is damaged.
    """
    _readable(image.load)


def orientation(image: Image.Image) -> int:
    """Reads how a viewer turns an image: 1 for not at all (Exif 2.32, tag 0x0112)."""
    try:
        found = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:
        return 1  # Viewers show an image with damaged metadata as it is.
    return found if found in _UPRIGHT else 1


def has_foreign_colours(image: Image.Image) -> bool:
    """Whether an image's samples are not those of sRGB: CMYK, or another embedded profile."""
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        return True
    profile = image.info.get("icc_profile")
    return isinstance(profile, bytes) and not _is_srgb(profile)


def to_png(image: Image.Image) -> tuple[bytes, Image.Image]:
    """Converts an image to an upright PNG of grey or sRGB samples, with alpha where it has some.

    16-bit grey keeps its depth. Of several frames the first counts.

    Returns:
        The PNG, and the image that it holds.

    Raises:
        UnsupportedSamples: Its samples are neither 8-bit nor 16-bit grey.
        UnreadableImage: It is damaged.
    """
    return _readable(lambda: _convert(image))


def _convert(image: Image.Image) -> tuple[bytes, Image.Image]:
    turn = _UPRIGHT.get(orientation(image))
    profile = image.info.get("icc_profile")
    image.load()
    upright = _plain(image, profile if isinstance(profile, bytes) else None)
    if turn is not None and not _turns_itself(image):
        upright = upright.transpose(turn)
    upright.info = {}
    buffer = io.BytesIO()
    upright.save(buffer, "PNG", compress_level=_PNG_LEVEL)
    return buffer.getvalue(), upright


def _turns_itself(image: Image.Image) -> bool:
    """Pillow turns TIFF images while it loads them, and then drops the tag."""
    return isinstance(image, TiffImagePlugin.TiffImageFile) and orientation(image) == 1


def _plain(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Brings an image to one of the modes 1, L, LA, RGB, RGBA and I;16."""
    if image.mode.startswith("I;16"):
        return image.convert("I;16")
    if image.mode == "1" and not image.has_transparency_data:
        return image.copy()
    if image.has_transparency_data:
        mode = "LA" if image.mode in ("1", "L", "LA") else "RGBA"
        image = image.convert(mode)
        colours, alpha = image.convert(mode.removesuffix("A")), image.getchannel("A")
        colours = _to_srgb(colours, profile)
        colours.putalpha(alpha)
        return colours
    if image.mode == "P":
        image = image.convert("L" if _has_grey_palette(image) else "RGB")
    elif image.mode in ("YCbCr", "HSV", "RGBX"):
        image = image.convert("RGB")
    if image.mode not in _COLOUR_SPACES:
        raise UnsupportedSamples(f"samples of the kind {image.mode}")
    return _to_srgb(image, profile)


def _has_grey_palette(image: Image.Image) -> bool:
    palette = image.getpalette("RGB") or []
    return palette[0::3] == palette[1::3] == palette[2::3]


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    grey_or_rgb = "L" if image.mode == "L" else "RGB"
    if profile is None or _is_srgb(profile):
        return image.convert(grey_or_rgb)
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if opened.profile.xcolor_space != _COLOUR_SPACES[image.mode]:
            return image.convert(grey_or_rgb)
        converted = ImageCms.profileToProfile(
            image, opened, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = image  # Viewers ignore a damaged profile.
    return (converted or image).convert(grey_or_rgb)


@functools.lru_cache(maxsize=64)
def _is_srgb(profile: bytes) -> bool:
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return "srgb" in ImageCms.getProfileDescription(opened).lower()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return True  # Viewers ignore a damaged profile.


def _opener(data: bytes) -> Opener | None:
    for magic, begin, opener in _OPENERS:
        if data[begin : begin + len(magic)] == magic:
            return opener
    return None


def _readable(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except UnreadableImage:
        raise
    except Exception as error:
        # Pillow's readers raise whatever a damaged file makes them stumble over.
        raise UnreadableImage(str(error)) from None
