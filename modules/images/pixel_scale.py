"""The range and centre of the pixels that a network sees."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from modules.settings import PixelScale

_SMALLEST_STANDARD_DEVIATION = 1e-3


def standardize(images: tf.Tensor) -> tf.Tensor:
    """Standardizes pixels by the mean and deviation that Transform measures, to three digits."""
    # Three digits: Beam sizes its batches by how fast they go, and float sums depend on the
    # batches. Two runs on the same data would differ in the last bits, which trainings amplify.
    mean = tf.round(tft.mean(images) * 1000.0) / 1000.0
    deviation = tf.round(tf.sqrt(tft.var(images)) * 1000.0) / 1000.0
    return (images - mean) / tf.maximum(deviation, _SMALLEST_STANDARD_DEVIATION)


def scale_pixels(images: tf.Tensor, scale: PixelScale) -> tf.Tensor:
    """Gives pixels, f32 [N, S, S, C] from 0 to 1, the range that an imported model wants."""
    if scale.mean is None or scale.deviation is None:
        return standardize(images)
    return (images - tf.constant(scale.mean)) / tf.constant(scale.deviation)
