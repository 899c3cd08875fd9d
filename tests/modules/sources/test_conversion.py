"""What a viewer shows is what the pipeline stores: orientation, colours, first frames."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf
from PIL import ExifTags, Image, ImageCms, ImageOps

from modules.images.decoding import decode_images
from modules.sources.encoded import read_encoded_image
from tests.modules.sources.images import encoded, noise

# Smooth, since JPEG loses much of mere noise, and different after every turn.
_UPRIGHT = noise("RGB", height=3, width=4).resize((24, 16), Image.Resampling.BICUBIC)
# How a camera stores a picture that a viewer turns: the inverse of what the tag asks for.
_STORED = {
    1: _UPRIGHT,
    2: ImageOps.mirror(_UPRIGHT),
    3: _UPRIGHT.rotate(180),
    4: ImageOps.flip(_UPRIGHT),
    5: _UPRIGHT.transpose(Image.Transpose.TRANSPOSE),
    6: _UPRIGHT.transpose(Image.Transpose.ROTATE_90),
    7: _UPRIGHT.transpose(Image.Transpose.TRANSVERSE),
    8: _UPRIGHT.transpose(Image.Transpose.ROTATE_270),
}


def turned(orientation: int, format: str, **options: object) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return encoded(_STORED[orientation], format, exif=exif, **options)


def shown(data: bytes) -> npt.NDArray[np.uint8]:
    """The pixels that the pipeline stores; their shape is what the example says."""
    stored = read_encoded_image(data, "file")
    pixels = tf.io.decode_image(stored.content, expand_animations=False).numpy()
    assert pixels.shape[:2] == stored.shape[:2]
    return pixels


def seen(data: bytes) -> npt.NDArray[np.float32]:
    """The pixels that the preprocessing decodes, in [0, 1]."""
    stored = read_encoded_image(data, "file")
    height, width, _ = stored.shape
    side = max(height, width)

    def pad(images: tf.Tensor) -> tf.Tensor:
        return tf.image.resize_with_crop_or_pad(images, side, side)

    return decode_images(tf.constant([stored.content]), 3, side, pad)[0].numpy()


@pytest.mark.parametrize("orientation", _STORED)
@pytest.mark.parametrize(
    ("format", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})]
)
def test_a_picture_is_stored_upright_whatever_its_exif_orientation(
    orientation: int, format: str, options: dict[str, bool]
) -> None:
    pixels = shown(turned(orientation, format, **options))
    np.testing.assert_array_equal(pixels, np.asarray(_UPRIGHT))


@pytest.mark.parametrize("orientation", _STORED)
def test_so_is_a_photo_but_for_the_losses_of_jpeg(orientation: int) -> None:
    plain, copy = (turned(way, "JPEG", quality=100, subsampling=0) for way in (1, orientation))
    difference = 255 * np.abs(seen(plain) - seen(copy))
    assert difference.max() < 3


def test_damaged_metadata_turn_nothing() -> None:
    data = encoded(_UPRIGHT, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\1\x12")
    assert read_encoded_image(data, "file").content == data


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_an_srgb_profile_changes_nothing() -> None:
    data = encoded(_UPRIGHT, "JPEG", icc_profile=_srgb())
    assert read_encoded_image(data, "file").content == data


def _swapped_primaries() -> bytes:
    """An RGB profile whose red is sRGB's blue, and the reverse."""
    profile = bytearray(_srgb())
    at = {bytes(profile[i : i + 4]): i for i in range(132, 132 + 12 * 20, 12)}
    red, blue = at[b"rXYZ"], at[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    description = profile.find("sRGB".encode("utf-16-be"))
    while description >= 0:
        profile[description : description + 8] = "test".encode("utf-16-be")
        description = profile.find("sRGB".encode("utf-16-be"))
    return bytes(profile)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_another_profile_s_colours_become_srgb(mode: str, format: str) -> None:
    red = Image.new("RGB", (3, 2), (250, 0, 0)).convert(mode)
    pixels = shown(encoded(red, format, icc_profile=_swapped_primaries()))
    assert pixels[0, 0, :3].argmax() == 2


def test_a_profile_that_is_damaged_or_of_another_colour_space_is_ignored() -> None:
    for profile in (b"no profile", _swapped_primaries()[:300]):
        data = encoded(_UPRIGHT, "PNG", icc_profile=profile)
        np.testing.assert_array_equal(shown(data), np.asarray(_UPRIGHT))
    grey = encoded(noise(), "PNG", icc_profile=_swapped_primaries())
    np.testing.assert_array_equal(shown(grey)[..., 0], np.asarray(noise()))


def test_cmyk_becomes_the_colours_that_it_prints() -> None:
    yellow = Image.new("CMYK", (8, 8), (0, 0, 255, 0))
    red, green, blue = shown(encoded(yellow, "JPEG", quality=100))[4, 4].tolist()
    assert min(red, green) > 240
    assert blue < 15


@pytest.mark.parametrize("format", ["GIF", "TIFF", "WEBP"])
def test_of_several_frames_the_first_counts(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "lime")]
    pixels = shown(encoded(frames[0], format, save_all=True, append_images=frames[1:]))
    assert pixels.shape == (8, 8, 3)
    assert pixels[0, 0].argmax() == 0


def test_one_transparent_colour_becomes_an_alpha_channel() -> None:
    image = Image.new("RGB", (4, 4), "white")
    image.putpixel((1, 1), (9, 9, 9))
    pixels = shown(encoded(image, transparency=(255, 255, 255)))
    assert pixels.shape == (4, 4, 4)
    assert pixels[0, 0, 3] == 0
    assert pixels[1, 1].tolist() == [9, 9, 9, 255]


def test_sixteen_bits_of_grey_stay() -> None:
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    stored = read_encoded_image(encoded(Image.fromarray(deep), "TIFF"), "file")
    with Image.open(io.BytesIO(stored.content)) as image:
        np.testing.assert_array_equal(np.asarray(image), deep)
