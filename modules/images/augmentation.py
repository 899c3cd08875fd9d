"""Random distortions of ink that cover what unseen domains look like."""

from __future__ import annotations

import math

import tensorflow as tf

from modules.images.random_draws import draw_uniform, per_image
from modules.images.resampling import resample, sampling_matrix

# Largest distortions; each image draws its own, uniformly up to these.
_ROTATION = math.radians(15.0)
_SHEAR = 0.2
_LOG_SCALE = 0.15
_LOG_ASPECT = 0.1
_TRANSLATION = 0.07  # share of the image's size
_THICKER, _THINNER = 0.8, 0.4  # share of the way to a full grey dilation or erosion
_LOG_GAMMA = 0.5
_LOWEST_CONTRAST = 0.6
_LOWEST_RESOLUTION = 1.0 / 3.0  # share of the image's size
_NOISE = 0.08  # standard deviation, share of the image's range

# Share of images that each distortion changes.
_AFFINE_SHARE, _STROKE_SHARE, _TONE_SHARE, _RESOLUTION_SHARE, _NOISE_SHARE = 0.8, 0.5, 0.5, 0.5, 0.3


def augment_images(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Distorts geometry, stroke width, tone, resolution and noise, each image in its own way.

    It works within each image's own range, so standardized images are distorted like any others.
    The same images and seed give the same result, in graphs and eagerly.

    Args:
        images: float32 `[N, S, S, C]`, any affine scaling of pixel values.
        seed: int32 `[2]`, e.g. the run's seed and the training step.

    Returns:
        float32 `[N, S, S, C]`; every image stays within its former range.
    """
    affine, stroke, tone, resolution, noise = tf.unstack(
        tf.random.experimental.stateless_split(seed, 5)
    )
    low = tf.reduce_min(images, axis=[1, 2, 3], keepdims=True)
    span = tf.reduce_max(images, axis=[1, 2, 3], keepdims=True) - low
    pixels = tf.math.divide_no_nan(images - low, span)
    pixels = _transform(pixels, affine)
    pixels = _change_stroke_width(pixels, stroke)
    pixels = _change_tone(pixels, tone)
    pixels = _degrade_resolution(pixels, resolution)
    pixels = tf.clip_by_value(_add_noise(pixels, noise), 0.0, 1.0)
    return low + pixels * span


def _transform(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Rotates, shears, scales and moves; repeats the border to fill the outside."""
    rotation, shear, scale, aspect, right, down = draw_uniform(images, seed, 6, _AFFINE_SHARE)
    size = images.shape[1]
    sine, cosine = tf.sin(rotation * _ROTATION), tf.cos(rotation * _ROTATION)
    shear = shear * _SHEAR
    zoom_x = tf.exp(-scale * _LOG_SCALE + aspect * _LOG_ASPECT)
    zoom_y = tf.exp(-scale * _LOG_SCALE - aspect * _LOG_ASPECT)
    # Output coordinates are mapped to input coordinates, about the centre.
    xx, xy = cosine * zoom_x, (shear * cosine - sine) * zoom_y
    yx, yy = sine * zoom_x, (shear * sine + cosine) * zoom_y
    centre = (size - 1) / 2.0
    x0 = centre - (xx + xy) * centre + right * _TRANSLATION * size
    y0 = centre - (yx + yy) * centre + down * _TRANSLATION * size
    zero = tf.zeros_like(xx)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([xx, xy, x0, yx, yy, y0, zero, zero], axis=1),
        output_shape=tf.constant([size, size]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _change_stroke_width(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    (change,) = draw_uniform(images, seed, 1, _STROKE_SHARE)
    reach = max(round(images.shape[1] / 28), 1)
    thick, thin = _dilate(images, reach), -_dilate(-images, reach)
    thicker = per_image(_THICKER * tf.nn.relu(change))
    thinner = per_image(_THINNER * tf.nn.relu(-change))
    return images + thicker * (thick - images) + thinner * (thin - images)


def _dilate(images: tf.Tensor, reach: int) -> tf.Tensor:
    """Brightest pixel of each square neighbourhood, faster than max_pool2d with one channel."""
    _, height, width, channels = images.shape
    rows = tf.reshape(images, [-1, height, width * channels])
    for _ in range(reach):
        below = tf.concat([rows[:, 1:], rows[:, -1:]], axis=1)
        above = tf.concat([rows[:, :1], rows[:, :-1]], axis=1)
        rows = tf.maximum(rows, tf.maximum(above, below))
        right = tf.concat([rows[:, :, channels:], rows[:, :, -channels:]], axis=2)
        left = tf.concat([rows[:, :, :channels], rows[:, :, :-channels]], axis=2)
        rows = tf.maximum(rows, tf.maximum(left, right))
    return tf.reshape(rows, tf.shape(images))


def _change_tone(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Gamma, then contrast, then as much brightness as the contrast leaves room for."""
    gamma, contrast, brightness = draw_uniform(images, seed, 3, _TONE_SHARE)
    lost = per_image(tf.abs(contrast)) * (1.0 - _LOWEST_CONTRAST)
    offset = lost * per_image(tf.nn.relu(brightness))
    # Not tf.pow, which is not vectorised; exp(-inf) is the 0 that it should be.
    bent = tf.exp(tf.math.log(images) * per_image(tf.exp(gamma * _LOG_GAMMA)))
    return bent * (1.0 - lost) + offset


def _degrade_resolution(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Shrinks each image to fewer pixels, antialiased, and enlarges it again."""
    (loss,) = draw_uniform(images, seed, 1, _RESOLUTION_SHARE)
    size = images.shape[1]
    coarse = tf.round(size * tf.pow(_LOWEST_RESOLUTION, tf.abs(loss)))
    spacing = size / coarse
    grid = tf.range(float(size)) + 0.5
    shrink = sampling_matrix(grid * spacing[:, None], spacing, size)
    enlarge = sampling_matrix(grid / spacing[:, None], 1.0 / spacing, size)
    enlarge *= tf.cast(grid < coarse[:, None], tf.float32)[:, None, :]
    matrix = tf.matmul(enlarge, shrink)
    # Rows that reach over the edge lack weight.
    matrix /= tf.reduce_sum(matrix, axis=2, keepdims=True)
    return tf.clip_by_value(resample(images, matrix, matrix), 0.0, 1.0)


def _add_noise(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    strength_seed, noise_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    (strength,) = draw_uniform(images, strength_seed, 1, _NOISE_SHARE)
    noise = tf.random.stateless_normal(tf.shape(images), noise_seed, alg="philox")
    return images + noise * per_image(_NOISE * tf.abs(strength))
