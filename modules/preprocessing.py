"""The `preprocessing_fn` of TFX Transform: one graph for every arm, for training and serving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules.core.example_features import EXAMPLE_ID, IMAGE, LABEL
from modules.images.decoding import decode_images
from modules.images.framing import frame_images, resize_images
from modules.images.ink import brighten_ink
from modules.settings import NetworkSettings, PreprocessingSettings

_SMALLEST_STANDARD_DEVIATION = 1e-3


def preprocessing_fn(
    inputs: dict[str, tf.Tensor | tf.SparseTensor], custom_config: dict[str, Any]
) -> dict[str, tf.Tensor]:
    """Decodes images and brings them to the network's input.

    Transform analyses the source domain only, so the pixel mean and standard deviation are the
    source's in every arm.

    Args:
        inputs: `image`, string `[N]` or `[N, 1]`, dense or sparse: encoded images. Where given,
            `label` (int64) and `example_id` (string) are passed through. Others are ignored.
        custom_config: `preprocessing` and `network`: `PreprocessingSettings` and `NetworkSettings`
            as JSON. Other keys are ignored.

    Returns:
        `image`, float32 `[N, S, S, C]` of the network's size and channels; `label` int64 `[N]` and
        `example_id` string `[N]` where the inputs have them.
    """
    settings = PreprocessingSettings.model_validate_json(custom_config["preprocessing"])
    network = NetworkSettings.model_validate_json(custom_config["network"])
    images = decode_images(
        _vector(inputs[IMAGE]),
        network.channels,
        network.image_size,
        _resizer(settings, network.image_size),
    )
    outputs = {IMAGE: _standardize(images) if settings.standardize else images}
    for name in (LABEL, EXAMPLE_ID):
        if name in inputs:
            outputs[name] = _vector(inputs[name])
    return outputs


def _resizer(settings: PreprocessingSettings, size: int) -> Callable[[tf.Tensor], tf.Tensor]:
    if settings.framing:
        return lambda images: frame_images(images, size, bright_ink=settings.polarity)
    if settings.polarity:
        return lambda images: resize_images(brighten_ink(images), size)
    return lambda images: resize_images(images, size)


def _standardize(images: tf.Tensor) -> tf.Tensor:
    mean, deviation = _round(tft.mean(images)), _round(tf.sqrt(tft.var(images)))
    return (images - mean) / tf.maximum(deviation, _SMALLEST_STANDARD_DEVIATION)


def _round(statistic: tf.Tensor) -> tf.Tensor:
    """Rounds to three digits.

    Beam sizes its batches by how fast they go, and float sums depend on the batches: two runs on
    the same data would differ in the last bits, which trainings amplify.
    """
    return tf.round(statistic * 1000.0) / 1000.0


def _vector(feature: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """One value per example, `[N]`, whether the feature came dense or sparse."""
    values = feature.values if isinstance(feature, tf.SparseTensor) else feature
    return tf.reshape(values, [-1])
