"""The `preprocessing_fn` of TFX Transform: one graph for every arm, for training and serving."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from modules.core.example_features import EXAMPLE_ID, IMAGE, LABEL
from modules.images.image_decoder import image_decoder
from modules.images.pixel_scale import scale_pixels, standardize
from modules.settings import NetworkSettings, PixelScale, PreprocessingSettings


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
    vectors = {name: _vector(inputs[name]) for name in (IMAGE, LABEL, EXAMPLE_ID) if name in inputs}
    images = image_decoder(settings, network.channels, network.image_size)(vectors[IMAGE])
    if "pixels" in custom_config:
        scale = PixelScale.model_validate_json(custom_config["pixels"])
        return vectors | {IMAGE: scale_pixels(images, scale)}
    return vectors | {IMAGE: standardize(images) if settings.standardize else images}


def _vector(feature: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    values = feature.values if isinstance(feature, tf.SparseTensor) else feature
    return tf.reshape(values, [-1])
