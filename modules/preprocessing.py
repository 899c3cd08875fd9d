"""The `preprocessing_fn` of TFX Transform: one graph for every arm, for training and serving."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules.core.example_features import EXAMPLE_ID, IMAGE, LABEL
from modules.images.decoding import decode_images
from modules.images.framing import image_resizer
from modules.settings import NetworkSettings, PixelScale, PreprocessingSettings

_SMALLEST_STANDARD_DEVIATION = 1e-3


def preprocessing_fn(
    inputs: dict[str, tf.Tensor | tf.SparseTensor], custom_config: dict[str, Any]
) -> dict[str, tf.Tensor]:
    """Decodes images and brings them to the network's input.

    Transform analyses the source domain only, so every arm sees pixels standardized with the
    source's mean and standard deviation. An imported model gets the pixels that it was trained on.

    Args:
        inputs: `image`, string `[N]` or `[N, 1]`, dense or sparse: encoded images. `label` (int64)
            and `example_id` (string) pass through, if given. Others are ignored.
        custom_config: `preprocessing` and `network`: `PreprocessingSettings` and `NetworkSettings`
            as JSON; `pixels`, a `PixelScale`, for an imported model. Other keys are ignored.

    Returns:
        `image`, float32 `[N, S, S, C]` of the network's size and channels; `label` int64 `[N]` and
        `example_id` string `[N]` where the inputs have them.
    """
    settings = PreprocessingSettings.model_validate_json(custom_config["preprocessing"])
    network = NetworkSettings.model_validate_json(custom_config["network"])
    size = network.image_size
    vectors = {name: _vector(inputs[name]) for name in (IMAGE, LABEL, EXAMPLE_ID) if name in inputs}
    images = decode_images(vectors[IMAGE], network.channels, size, image_resizer(settings, size))
    if "pixels" in custom_config:
        scale = PixelScale.model_validate_json(custom_config["pixels"])
        return vectors | {IMAGE: _scale(images, scale)}
    return vectors | {IMAGE: _standardize(images) if settings.standardize else images}


def _scale(images: tf.Tensor, scale: PixelScale) -> tf.Tensor:
    """Gives pixels from 0 to 1 the range that an imported model was trained on."""
    if scale.mean is None or scale.deviation is None:
        return _standardize(images)
    return (images - tf.constant(scale.mean)) / tf.constant(scale.deviation)


def _standardize(images: tf.Tensor) -> tf.Tensor:
    # Three digits: Beam sizes its batches by how fast they go, and float sums depend on the
    # batches. Two runs on the same data would differ in the last bits, which trainings amplify.
    mean = tf.round(tft.mean(images) * 1000.0) / 1000.0
    deviation = tf.round(tf.sqrt(tft.var(images)) * 1000.0) / 1000.0
    return (images - mean) / tf.maximum(deviation, _SMALLEST_STANDARD_DEVIATION)


def _vector(feature: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    values = feature.values if isinstance(feature, tf.SparseTensor) else feature
    return tf.reshape(values, [-1])
