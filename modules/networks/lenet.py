"""LeNet, with wide features."""

from __future__ import annotations

import keras

from modules.core.errors import ConfigError
from modules.networks.network import FEATURES
from modules.settings import NetworkSettings


def lenet_features(settings: NetworkSettings, images: keras.KerasTensor) -> keras.KerasTensor:
    """Computes LeNet's features: two 5x5 convolutions with pooling, then a dense layer of 1024.

    Reference: after LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998,
    section II, with ReLU, max pooling and the widths of the transfer learning tutorial.

    Args:
        settings: The image size must be at least 4 pixels.
        images: f32 [N, S, S, C].

    Returns:
        [N, 1024], in the type that the global dtype policy computes in.

    Raises:
        ConfigError: The images are too small.
    """
    if settings.image_size < 4:
        raise ConfigError(
            f"network.image_size: lenet halves the image twice and needs at least 4 pixels, "
            f"found {settings.image_size}."
        )
    x = keras.layers.Conv2D(32, 5, padding="same", activation="relu", name="conv1")(images)
    x = keras.layers.MaxPooling2D(2, name="pool1")(x)
    x = keras.layers.Conv2D(64, 5, padding="same", activation="relu", name="conv2")(x)
    x = keras.layers.MaxPooling2D(2, name="pool2")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    return keras.layers.Dense(1024, activation="relu", name=FEATURES)(x)
