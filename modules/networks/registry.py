"""The networks that can be trained, by name, behind one contract.

A network is a functional Keras model from images, float32 [N, S, S, C], to
`{"features": [N, D], "logits": [N, K]}`, both float32 under any dtype policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from modules.core.errors import ConfigError
from modules.core.nearest_name import nearest_name_hint
from modules.settings import NetworkSettings

FEATURES = "features"
LOGITS = "logits"

NetworkBuilder = Callable[[NetworkSettings, int], keras.Model]

_BUILDERS: dict[str, NetworkBuilder] = {}


def register_network(name: str) -> Callable[[NetworkBuilder], NetworkBuilder]:
    """Makes a builder available under `name` to `build_network` and to configuration files.

    Args:
        name: What `network.name` has to be to choose it.

    Returns:
        A decorator that registers the builder and returns it unchanged.

    Raises:
        ValueError: The name is taken.

    Example:
        >>> @register_network("flat")
        ... def build_flat(settings: NetworkSettings, num_classes: int) -> keras.Model:
        ...     images = network_input(settings)
        ...     features = keras.layers.Flatten(name="flatten")(images)
        ...     return network_model(settings, num_classes, images, features)
    """

    def register(builder: NetworkBuilder) -> NetworkBuilder:
        if name in _BUILDERS:
            raise ValueError(f"A network named '{name}' is already registered.")
        _BUILDERS[name] = builder
        return builder

    return register


def network_names() -> tuple[str, ...]:
    """Lists the registered names in alphabetical order."""
    return tuple(sorted(_BUILDERS))


def build_network(settings: NetworkSettings, num_classes: int) -> keras.Model:
    """Builds the registered network `settings.name` with fresh weights.

    Initial weights and dropout masks follow the seed last given to `keras.utils.set_random_seed`;
    the layers take the global dtype policy (see `modules.networks.precision.precision_policy`).

    Args:
        settings: Name, input size, channels and dropout.
        num_classes: K, the width of the logits; at least 1.

    Returns:
        A model from float32 [N, S, S, C] to `{"features": f32 [N, D], "logits": f32 [N, K]}`.

    Raises:
        ConfigError: No such network, or no class.
        ValueError: The builder breaks the contract above.
    """
    if num_classes < 1:
        raise ConfigError(f"A network needs at least one class, found {num_classes}.")
    builder = _BUILDERS.get(settings.name)
    if builder is None:
        raise ConfigError(
            f"network.name: no network is named '{settings.name}'"
            f"{nearest_name_hint(settings.name, network_names())}"
        )
    network = builder(settings, num_classes)
    _check_contract(network, settings, num_classes)
    return network


def network_input(settings: NetworkSettings) -> keras.KerasTensor:
    """Makes the symbolic input of a network: images, float32 [N, S, S, C]."""
    shape = (settings.image_size, settings.image_size, settings.channels)
    return keras.Input(shape, dtype="float32", name="images")


def network_model(
    settings: NetworkSettings,
    num_classes: int,
    images: keras.KerasTensor,
    features: keras.KerasTensor,
) -> keras.Model:
    """Puts dropout and the logits layer on the features and closes the model.

    Args:
        settings: Gives the model's name and the dropout.
        num_classes: K, the width of the logits.
        images: The tensor of `network_input`.
        features: [N, D], of any float type.

    Returns:
        The model with its two float32 outputs.
    """
    # Softmax and squared distances over bfloat16 lose what training is about: both leave in f32.
    features = keras.layers.Activation("linear", dtype="float32", name="features_float32")(features)
    dropped = features
    if settings.dropout > 0:
        dropped = keras.layers.Dropout(settings.dropout, dtype="float32", name="dropout")(features)
    logits = keras.layers.Dense(num_classes, dtype="float32", name=LOGITS)(dropped)
    return keras.Model(images, {FEATURES: features, LOGITS: logits}, name=settings.name)


def freeze_layers(network: keras.Model, names: Sequence[str]) -> None:
    """Takes the named layers out of `network.trainable_variables`.

    Args:
        network: Any Keras model.
        names: Names of layers that have weights.

    Raises:
        ConfigError: The network has no such layer, or the layer has no weights.
    """
    layers = {layer.name: layer for layer in network.layers if layer.weights}
    for name in names:
        if name not in layers:
            raise ConfigError(
                f"transfer.frozen_layers: network '{network.name}' has no layer '{name}' with "
                f"weights{nearest_name_hint(name, tuple(layers))}"
            )
        layers[name].trainable = False


def _check_contract(network: keras.Model, settings: NetworkSettings, num_classes: int) -> None:
    outputs = network.output
    if not isinstance(outputs, dict) or set(outputs) != {FEATURES, LOGITS}:
        raise ValueError(f"Network '{settings.name}' must return a dict of features and logits.")
    if any(output.dtype != "float32" for output in outputs.values()):
        raise ValueError(f"Network '{settings.name}' must return float32 features and logits.")
    if outputs[LOGITS].shape != (None, num_classes) or len(outputs[FEATURES].shape) != 2:
        raise ValueError(
            f"Network '{settings.name}' must return features [N, D] and logits [N, {num_classes}], "
            f"found {outputs[FEATURES].shape} and {outputs[LOGITS].shape}."
        )


@register_network("lenet")
def build_lenet(settings: NetworkSettings, num_classes: int) -> keras.Model:
    """LeNet with wide features: two 5x5 convolutions with pooling, then a dense layer of 1024.

    Reference: after LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998,
    section II, with ReLU, max pooling and the widths of the transfer learning tutorial.

    Args:
        settings: Input size, at least 4 pixels; channels; dropout after the features.
        num_classes: K, the width of the logits.

    Returns:
        The model; D is 1024.
    """
    if settings.image_size < 4:
        raise ConfigError(
            f"network.image_size: lenet halves the image twice and needs at least 4 pixels, "
            f"found {settings.image_size}."
        )
    images = network_input(settings)
    x = keras.layers.Conv2D(32, 5, padding="same", activation="relu", name="conv1")(images)
    x = keras.layers.MaxPooling2D(2, name="pool1")(x)
    x = keras.layers.Conv2D(64, 5, padding="same", activation="relu", name="conv2")(x)
    x = keras.layers.MaxPooling2D(2, name="pool2")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    features = keras.layers.Dense(1024, activation="relu", name=FEATURES)(x)
    return network_model(settings, num_classes, images, features)
