"""Framing: MNIST's own preparation of an image, as batched TensorFlow ops."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from modules.images.deslanting import deslant_images
from modules.images.ink import Ink, brighten_ink, find_ink
from modules.images.resampling import resample, sampling_matrix
from modules.settings import PreprocessingSettings

# MNIST: the ink's box is scaled to 20 pixels in an image of 28.
_INK_SHARE = 20.0 / 28.0
# MNIST's centres of mass were moved by whole pixels: to anywhere in [14, 15), on average to here.
_CENTRE = 14.5 / 28.0
# Mask above which a pixel belongs to the ink's box.
_BOX_MASK = 0.5


def image_resizer(settings: PreprocessingSettings, size: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Chooses how images are brought to one size: framed, or resized whole.

    Args:
        settings: `framing`, `deslanting` and `polarity`.
        size: Height and width of the result, in pixels.

    Returns:
        Maps float32 `[N, H, W, C]` in [0, 1] to float32 `[N, size, size, C]` in [0, 1].
    """
    if settings.framing:
        return lambda images: frame_images(images, size, settings.polarity, settings.deslanting)
    if settings.polarity:
        return lambda images: resize_images(brighten_ink(images), size)
    return lambda images: resize_images(images, size)


def frame_images(
    images: tf.Tensor, size: int, bright_ink: bool = True, deslanted: bool = False
) -> tf.Tensor:
    """Frames ink as MNIST does: crop to its box, scale the longest side, centre the mass.

    The longest side of the ink's box becomes 20/28 of `size`, the aspect ratio is kept, and the
    ink's centre of mass moves to the centre of the image. Ink comes out bright on black, its
    brightest pixel white, as all of MNIST is. An image that is not ink on a background
    (`Ink.present` is false), or has so many isolated specks that the ink's box is unsure
    (`Ink.speckled`), is resized whole instead.

    Args:
        images: float32 `[N, H, W, C]` in [0, 1]; C is 1 or 3.
        size: Height and width of the result, in pixels.
        bright_ink: Invert dark ink to bright, as MNIST's is; otherwise it stays dark.
        deslanted: Shear framed ink upright.

    Returns:
        float32 `[N, size, size, C]` in [0, 1].

    Reference:
        LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
        recognition", Proc. IEEE 1998, section III-A.
    """
    ink = find_ink(images)
    framed = _crop(images, ink, size)
    if deslanted:
        framed = deslant_images(framed)
    is_dark = (ink.polarity < 0.0)[:, None, None, None]
    if not bright_ink:
        framed = tf.where(is_dark, 1.0 - framed, framed)
    is_framed = ink.present & ~ink.speckled
    return tf.cond(
        tf.reduce_all(is_framed),
        lambda: framed,
        lambda: tf.where(
            is_framed[:, None, None, None],
            framed,
            _resized(images, ink.present[:, None, None, None] & is_dark & bright_ink, size),
        ),
    )


def resize_images(images: tf.Tensor, size: int) -> tf.Tensor:
    """Resizes whole images to a square, antialiased; the aspect ratio is not kept.

    Args:
        images: float32 `[N, H, W, C]` in [0, 1].
        size: Height and width of the result, in pixels.

    Returns:
        float32 `[N, size, size, C]` in [0, 1].
    """
    resized = tf.image.resize(images, [size, size], method="bilinear", antialias=True)
    return tf.clip_by_value(resized, 0.0, 1.0)  # antialiasing rounds


def _resized(images: tf.Tensor, inverted: tf.Tensor, size: int) -> tf.Tensor:
    resized = resize_images(images, size)
    return tf.where(inverted, 1.0 - resized, resized)


def _crop(images: tf.Tensor, ink: Ink, size: int) -> tf.Tensor:
    """Each channel's contrast in the ink's box, resampled to its place; the brightest is 1."""
    weight = ink.contrast * ink.mask
    top, bottom = _extent(tf.reduce_max(ink.mask, axis=2))
    left, right = _extent(tf.reduce_max(ink.mask, axis=1))
    longest = tf.maximum(tf.maximum(bottom - top, right - left), 1.0)
    spacing = longest / (_INK_SHARE * size)
    rows = _axis_matrix(tf.reduce_sum(weight, axis=2), top, bottom, spacing, size)
    columns = _axis_matrix(tf.reduce_sum(weight, axis=1), left, right, spacing, size)
    deviation = (images - ink.background[:, None, None, :]) * ink.polarity[:, None, None, None]
    # The cubic kernel overshoots beside strokes; that must not count as the brightest pixel.
    peak = tf.reduce_max(deviation, axis=[1, 2, 3], keepdims=True)
    cropped = tf.clip_by_value(resample(tf.nn.relu(deviation), rows, columns), 0.0, peak)
    return tf.math.divide_no_nan(cropped, tf.reduce_max(cropped, axis=[1, 2, 3], keepdims=True))


def _extent(profile: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """First pixel of the ink and the one after its last, in each profile `[N, L]`."""
    length = tf.cast(tf.shape(profile)[1], tf.float32)
    pixel = tf.range(length)
    is_ink = profile > _BOX_MASK
    first = tf.reduce_min(tf.where(is_ink, pixel, length), axis=1)
    last = tf.reduce_max(tf.where(is_ink, pixel, -1.0), axis=1)
    return first, last + 1.0


def _axis_matrix(
    mass: tf.Tensor, first: tf.Tensor, end: tf.Tensor, spacing: tf.Tensor, size: int
) -> tf.Tensor:
    """Sampling matrix `[N, size, L]` that centres the mass and drops what is outside the box."""
    length = tf.shape(mass)[1]
    centres = tf.range(tf.cast(length, tf.float32)) + 0.5
    centre_of_mass = tf.math.divide_no_nan(tf.linalg.matvec(mass, centres), tf.reduce_sum(mass, 1))
    offsets = tf.range(float(size)) + 0.5 - _CENTRE * size
    positions = centre_of_mass[:, None] + offsets * spacing[:, None]
    inside = (centres > first[:, None]) & (centres < end[:, None])
    return sampling_matrix(positions, spacing, length) * tf.cast(inside[:, None, :], tf.float32)
