"""A small residual network, normalised without statistics of the batch."""

from __future__ import annotations

import keras

from modules.core.errors import ConfigError
from modules.networks.network import FEATURES
from modules.settings import NetworkSettings

_STEM_FILTERS = 16
_STAGE_FILTERS = (32, 64, 128)
_BLOCKS_PER_STAGE = 2
_GROUPS = 8
_SMALLEST_IMAGE = 16
# Larger images are halved once more, at the start, so that they cost no more than this.
_LARGEST_FULL_SIZE = 48


def resnet_features(settings: NetworkSettings, images: keras.KerasTensor) -> keras.KerasTensor:
    """Computes the features of a residual network with 13 convolutions, for 16 to 96 pixels.

    Three stages of two pre-activation blocks halve the image and double the filters, to 128. Group
    normalisation looks at one image at a time: small batches, and batches of two domains, do not
    disturb it, and training and inference compute the same. Layers are named by block, such as
    `stage2_block1_conv1`, so that `stage2` names a stage.

    References:
        He et al., Deep Residual Learning for Image Recognition, CVPR 2016, section 3.
        He et al., Identity Mappings in Deep Residual Networks, ECCV 2016, section 3.
        Wu and He, Group Normalization, ECCV 2018, section 3.

    Args:
        settings: The image size must be at least 16 pixels.
        images: f32 [N, S, S, C].

    Returns:
        [N, 128], in the type that the global dtype policy computes in.

    Raises:
        ConfigError: The images are too small.
    """
    if settings.image_size < _SMALLEST_IMAGE:
        raise ConfigError(
            f"network.image_size: resnet halves the image three times and needs at least "
            f"{_SMALLEST_IMAGE} pixels, found {settings.image_size}."
        )
    strides = 1 if settings.image_size <= _LARGEST_FULL_SIZE else 2
    x = _convolution(images, _STEM_FILTERS, 3, strides, "stem_conv")
    for stage, filters in enumerate(_STAGE_FILTERS, start=1):
        for block in range(1, _BLOCKS_PER_STAGE + 1):
            x = _block(x, filters, 2 if block == 1 else 1, f"stage{stage}_block{block}")
    x = _normalised(x, "last")
    return keras.layers.GlobalAveragePooling2D(name=FEATURES)(x)


def _block(x: keras.KerasTensor, filters: int, strides: int, name: str) -> keras.KerasTensor:
    activated = _normalised(x, f"{name}_1")
    shortcut = x
    if strides > 1 or x.shape[-1] != filters:
        shortcut = _convolution(activated, filters, 1, strides, f"{name}_shortcut")
    x = _convolution(activated, filters, 3, strides, f"{name}_conv1")
    x = _normalised(x, f"{name}_2")
    x = _convolution(x, filters, 3, 1, f"{name}_conv2")
    return keras.layers.Add(name=f"{name}_sum")([shortcut, x])


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    # Keras computes the statistics in float32, whatever the policy.
    x = keras.layers.GroupNormalization(_GROUPS, name=f"{name}_norm")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)


def _convolution(
    x: keras.KerasTensor, filters: int, size: int, strides: int, name: str
) -> keras.KerasTensor:
    layer = keras.layers.Conv2D(
        filters,
        size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )
    return layer(x)
