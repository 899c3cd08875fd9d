"""A network with statistics of batches, as a plug-in that worker processes import."""

from __future__ import annotations

import keras

from modules.settings import NetworkSettings


def features(settings: NetworkSettings, images: keras.KerasTensor) -> keras.KerasTensor:
    """One convolution, normalised over the batch, and the features' average."""
    del settings
    x = keras.layers.Conv2D(8, 3, 2, padding="same", use_bias=False, name="conv")(images)
    x = keras.layers.BatchNormalization(momentum=0.5, name="norm")(x)
    return keras.layers.Flatten(name="features")(keras.layers.ReLU()(x))
