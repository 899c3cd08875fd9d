"""Separates ink from background, and tells whether an image is ink on a background at all."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601

# The ink mask rises from 0 to 1 between these shares of the ink's full contrast, so that the
# antialiased rim of a stroke belongs to it.
_MASK_FROM, _MASK_TO = 0.12, 0.25
# Contrast within this many standard deviations of the background's noise is no ink.
_NOISE_DEVIATIONS = 4.0
# Fewest neighbours (of 8) of an ink pixel that are ink; noise pixels stand alone.
_NEIGHBOURS = 1.5

# When an image counts as ink on a background. Measured on held-out MNIST under 27 shifts and on the
# train half of optdigits: all clean digits of any polarity, tone, place and size pass; textures,
# steep gradients and noise of a third of the ink's contrast do not.
_MIN_CONTRAST = 0.06
_MIN_CONTRAST_TO_NOISE = 6.0
_MIN_BORDER_AGREEMENT = 0.55
_BORDER_TOLERANCE = 0.25
_MAX_OPPOSITE_SHARE = 0.35
_MAX_SPECKLE_SHARE = 0.07


class Ink(NamedTuple):
    """What `find_ink` found in each image.

    Attributes:
        background: float32 `[N, C]`, the background's level.
        polarity: float32 `[N]`, 1 where ink is brighter than its background, -1 where darker.
        contrast: float32 `[N, H, W]`, how far each pixel stands out on the ink's side; 0 or more.
        mask: float32 `[N, H, W]` in [0, 1], how surely each pixel is ink.
        present: bool `[N]`, the image is ink on a background rather than a photo or a texture.
        speckled: bool `[N]`, so many isolated pixels look like ink that its box is unsure.
    """

    background: tf.Tensor
    polarity: tf.Tensor
    contrast: tf.Tensor
    mask: tf.Tensor
    present: tf.Tensor
    speckled: tf.Tensor


def luminance(images: tf.Tensor) -> tf.Tensor:
    """Returns the luminance float32 `[..., 1]` of grey `[..., 1]` or RGB `[..., 3]` images."""
    if images.shape[-1] == 1:
        return images
    return tf.reduce_sum(images * tf.constant(_LUMINANCE), axis=-1, keepdims=True)


def find_ink(images: tf.Tensor) -> Ink:
    """Separates ink from background by the statistics of each image's border.

    The background is the border's median, its noise the border's median absolute deviation: both
    hold while ink touches less than half of the border. The ink's side is the one, brighter or
    darker, with more contrast. Ink is present where the ink's contrast is well above the noise,
    most of the border is background, and hardly anything lies on the other side.

    Args:
        images: float32 `[N, H, W, C]` in [0, 1]; C is 1 or 3.

    Returns:
        An `Ink`.
    """
    border = _border(images)
    background = _median(border)
    grey = luminance(images - background[:, None, None, :])[..., 0]
    border_deviation = tf.abs(luminance(border - background[:, None, :])[..., 0])
    noise = 1.4826 * _median(border_deviation[..., None])[:, 0]
    floor = tf.minimum(_NOISE_DEVIATIONS * noise, 1.0)[:, None, None]

    brighter = tf.reduce_sum(tf.nn.relu(grey - floor), axis=[1, 2])
    darker = tf.reduce_sum(tf.nn.relu(-grey - floor), axis=[1, 2])
    polarity = tf.where(brighter >= darker, 1.0, -1.0)
    contrast = tf.nn.relu(grey * polarity[:, None, None])
    peak = tf.reduce_max(contrast, axis=[1, 2])

    raw_mask = _ramp(contrast, peak[:, None, None], floor)
    mask = raw_mask * tf.minimum(_neighbours(raw_mask) / _NEIGHBOURS, 1.0)
    agreement = tf.reduce_mean(
        tf.cast(border_deviation <= _BORDER_TOLERANCE * peak[:, None], tf.float32), axis=1
    )
    present = (
        (peak > _MIN_CONTRAST)
        & (peak > _MIN_CONTRAST_TO_NOISE * noise)
        & (agreement >= _MIN_BORDER_AGREEMENT)
        & (tf.minimum(brighter, darker) < _MAX_OPPOSITE_SHARE * tf.maximum(brighter, darker))
        & (tf.reduce_max(mask, axis=[1, 2]) > 0.5)
    )
    kept, found = tf.reduce_sum(mask, axis=[1, 2]), tf.reduce_sum(raw_mask, axis=[1, 2])
    speckled = kept < (1.0 - _MAX_SPECKLE_SHARE) * found
    return Ink(background, polarity, contrast, mask, present, speckled)


def brighten_ink(images: tf.Tensor) -> tf.Tensor:
    """Inverts images of dark ink on a lighter background, and no others.

    Args:
        images: float32 `[N, H, W, C]` in [0, 1]; C is 1 or 3.

    Returns:
        float32 `[N, H, W, C]` in [0, 1].
    """
    ink = find_ink(images)
    is_dark = ink.present & (ink.polarity < 0.0)
    return tf.where(is_dark[:, None, None, None], 1.0 - images, images)


def _border(images: tf.Tensor) -> tf.Tensor:
    sides = [images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]]
    return tf.concat(sides, axis=1)


def _median(values: tf.Tensor) -> tf.Tensor:
    """Lower median over axis 1 of `[N, P, C]`."""
    ascending = tf.sort(tf.transpose(values, [0, 2, 1]), axis=-1)
    return ascending[..., (tf.shape(values)[1] - 1) // 2]


def _ramp(contrast: tf.Tensor, peak: tf.Tensor, floor: tf.Tensor) -> tf.Tensor:
    start = tf.maximum(_MASK_FROM * peak, floor)
    width = tf.maximum((_MASK_TO - _MASK_FROM) * peak, 1e-6)
    return tf.clip_by_value((contrast - start) / width, 0.0, 1.0)


def _neighbours(mask: tf.Tensor) -> tf.Tensor:
    """Sum over the 8 neighbours of each pixel."""
    padded = tf.pad(mask, [[0, 0], [1, 1], [1, 1]])
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:] - mask
