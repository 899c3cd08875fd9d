"""Random views of photographs: flipped, cropped, in other light."""

from __future__ import annotations

import math

import tensorflow as tf

from modules.images.ink import luminance
from modules.images.random_draws import draw_uniform, per_image

_SMALLEST_AREA = 0.5  # share of the image that a crop keeps
_LOG_ASPECT = math.log(4.0 / 3.0)
_BRIGHTNESS = 0.2  # share of the image's range
_LOG_CONTRAST = 0.35
_LOG_SATURATION = 0.5

# Share of images that each distortion changes.
_CROP_SHARE, _COLOUR_SHARE = 0.8, 0.8


def augment_photos(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Mirrors half of the images, crops, and changes brightness, contrast and saturation.

    It works within each image's own range, so standardized images are distorted like any others.
    The same images and seed give the same result, in graphs and eagerly. Mirroring suits
    photographs, not characters.

    References:
        Szegedy et al., Going Deeper with Convolutions, CVPR 2015, section 6 (random crops of an
        area and an aspect ratio, enlarged to the image's size).
        Howard, Some Improvements on Deep Convolutional Neural Network Based Image Classification,
        2013, section 2 (colour).

    Args:
        images: float32 `[N, S, S, C]`, any affine scaling of pixel values.
        seed: int32 `[2]`, e.g. the run's seed and the training step.

    Returns:
        float32 `[N, S, S, C]`; every image stays within its former range.
    """
    mirror, crop, colour = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    low = tf.reduce_min(images, axis=[1, 2, 3], keepdims=True)
    span = tf.reduce_max(images, axis=[1, 2, 3], keepdims=True) - low
    pixels = tf.math.divide_no_nan(images - low, span)
    pixels = _crop_and_mirror(pixels, crop, mirror)
    pixels = tf.clip_by_value(_change_colour(pixels, colour), 0.0, 1.0)
    return low + pixels * span


def _crop_and_mirror(images: tf.Tensor, crop: tf.Tensor, mirror: tf.Tensor) -> tf.Tensor:
    """Enlarges a part of each image to the whole, one in two from right to left."""
    area, aspect, right, down = draw_uniform(images, crop, 4, _CROP_SHARE)
    (side,) = draw_uniform(images, mirror, 1, 1.0)
    size = float(images.shape[1])
    kept = 1.0 - (1.0 - _SMALLEST_AREA) * tf.abs(area)
    stretch = tf.exp(aspect * _LOG_ASPECT / 2.0)
    width = tf.minimum(tf.sqrt(kept) * stretch, 1.0)
    height = tf.minimum(tf.sqrt(kept) / stretch, 1.0)
    # The first pixel's centre, where the pixel itself is as large as the crop makes it.
    left = (1.0 - width) * size * (right + 1.0) / 2.0 + (width - 1.0) / 2.0
    top = (1.0 - height) * size * (down + 1.0) / 2.0 + (height - 1.0) / 2.0
    mirrored = side < 0.0
    left = tf.where(mirrored, left + width * (size - 1.0), left)
    width = tf.where(mirrored, -width, width)
    zero = tf.zeros_like(width)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([width, zero, left, zero, height, top, zero, zero], axis=1),
        output_shape=tf.constant([images.shape[1], images.shape[2]]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _change_colour(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    brightness, contrast, saturation = draw_uniform(images, seed, 3, _COLOUR_SHARE)
    grey = luminance(images)
    images = grey + (images - grey) * per_image(tf.exp(saturation * _LOG_SATURATION))
    mean = tf.reduce_mean(grey, axis=[1, 2, 3], keepdims=True)
    images = mean + (images - mean) * per_image(tf.exp(contrast * _LOG_CONTRAST))
    return images + per_image(brightness * _BRIGHTNESS)
