"""How far each layer is from the logits, counted in stages of the network."""

from __future__ import annotations

import keras

from modules.networks.network import LOGITS


def stages_from_logits(network: keras.Model) -> dict[str, int]:
    """Numbers the stages of a network: the logits are 0, and stages grow towards the images.

    A stage is a run of layers between two changes of the image's height. Layers without one, such
    as a dense layer of features, are a stage, too. Squeezed branches, as in MobileNetV3, belong to
    the stage that they are in.

    Args:
        network: A functional model from images to features and logits.

    Returns:
        Stage by the name of each layer with weights.

    Example:
        >>> images = keras.Input((8, 8, 1))
        >>> x = keras.layers.Conv2D(2, 3, padding="same", name="conv1")(images)
        >>> x = keras.layers.Conv2D(2, 3, 2, padding="same", name="conv2")(x)
        >>> x = keras.layers.Dense(4, name="features")(keras.layers.Flatten()(x))
        >>> stages_from_logits(keras.Model(images, keras.layers.Dense(2, name="logits")(x)))
        {'logits': 0, 'features': 1, 'conv2': 2, 'conv1': 3}
    """
    stages, stage, tallest = {LOGITS: 0}, 1, 0
    begun = False
    for layer in reversed(network.layers):
        if layer.name == LOGITS:
            continue
        height = _height(layer)
        if height > tallest:
            tallest = height
            stage += begun
            begun = False
        if layer.weights:
            stages[layer.name] = stage
            begun = True
    return stages


def learning_rate_factors(network: keras.Model, decay: float) -> list[float]:
    """Lowers the learning rate by a factor from stage to stage, away from the logits.

    Reference: Howard and Ruder, Universal Language Model Fine-tuning for Text Classification, ACL
    2018, section 3.2: discriminative fine-tuning, with 1 / 2.6 for the layers of an LSTM.

    Args:
        network: A functional model from images to features and logits.
        decay: In (0, 1].

    Returns:
        A factor for each of the network's trainable variables.
    """
    stages = stages_from_logits(network)
    factors = {
        id(variable): decay ** stages[layer.name]
        for layer in network.layers
        for variable in layer.trainable_variables
    }
    return [factors[id(variable)] for variable in network.trainable_variables]


def _height(layer: keras.Layer) -> int:
    shape: tuple[int | None, ...] = tuple(getattr(layer.output, "shape", ()))
    return int(shape[1] or 0) if len(shape) == 4 else 0
