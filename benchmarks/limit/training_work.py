"""The floating-point operations of a training step, counted from the network's shapes."""

from __future__ import annotations

import math

import keras


def training_flops(network: keras.Model) -> int:
    """Counts the operations of one image's forward and backward pass.

    Only convolutions and dense layers count: one multiplication and one addition for each weight
    at each position, once forward, once for the weights' gradient and once for the input's. The
    gradient of the images themselves is never computed.

    Args:
        network: A functional model. Every layer is applied once.

    Returns:
        Floating-point operations an image.

    Example:
        >>> images = keras.Input((4,))
        >>> training_flops(keras.Model(images, keras.layers.Dense(3)(images)))
        48
    """
    return sum(
        2 * _multiplications(layer) * (2 if layer.input is network.input else 3)
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)
    )


def _multiplications(layer: keras.layers.Layer) -> int:
    positions = math.prod(layer.output.shape[1:-1])
    return math.prod(layer.kernel.shape) * positions
