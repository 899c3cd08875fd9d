"""The networks that can be built from code, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from modules.core.errors import ConfigError
from modules.core.nearest_name import nearest_name_hint
from modules.core.plugins.kinds import FunctionOf
from modules.core.registry import Registry
from modules.networks.imported import imported_features
from modules.networks.keras_application import application_features
from modules.networks.layer_names import layers_of
from modules.networks.layer_replacement import prepare_features
from modules.networks.lenet import lenet_features
from modules.networks.network import FEATURES, LOGITS
from modules.networks.precision import precision_policy
from modules.networks.resnet import resnet_features
from modules.settings import NetworkSettings
from modules.settings.network import NO_WEIGHTS
from modules.settings.options import with_options

# From settings and images, f32 [N, S, S, C], to features, [N, D] of any float type.
FeatureExtractor = Callable[[NetworkSettings, keras.KerasTensor], keras.KerasTensor]

NETWORKS: Registry[FeatureExtractor] = Registry(
    "network.name",
    "network",
    {
        "imported": imported_features,
        "keras_application": application_features,
        "lenet": lenet_features,
        "resnet": resnet_features,
    },
    group="warmstart.networks",
    contract=FunctionOf(("settings", "images")),
)


class BuiltNetwork(keras.Model):
    """A `Network` from code: registered features, then dropout and a dense layer of logits.

    Args:
        settings: Name, input size, channels, dropout, and what the weights start from.
        num_classes: K, the width of the logits.
        fixed_statistics: Whether batch normalisation keeps the statistics that it has: in a warm
            start, and where the weights come from outside.

    Raises:
        ConfigError: No network has that name, or it does not take images of that size.
        DataError: The file of weights does not fit.
        ValueError: The registered features are not [N, D].
    """

    def __init__(
        self, settings: NetworkSettings, num_classes: int, *, fixed_statistics: bool = False
    ) -> None:
        size, channels = settings.image_size, settings.channels
        images = keras.Input((size, size, channels), dtype="float32", name="images")
        extract = with_options(NETWORKS, settings.name, settings.options, "network.options")
        features = extract(settings, images)
        if len(features.shape) != 2:
            raise ValueError(
                f"Network '{settings.name}' must give features [N, D], found {features.shape}."
            )
        starts_trained = settings.weights != NO_WEIGHTS
        features = prepare_features(
            images, features, fixed_statistics=fixed_statistics or starts_trained
        )
        # Softmax and squared distances lose precision in bfloat16: both outputs are float32.
        features = keras.layers.Activation("linear", dtype="float32", name="features_float32")(
            features
        )
        dropped = features
        if settings.dropout > 0:
            dropped = keras.layers.Dropout(settings.dropout, dtype="float32", name="dropout")(
                features
            )
        logits = keras.layers.Dense(num_classes, dtype="float32", name=LOGITS)(dropped)
        # TensorFlow's scopes take no colon, which references of plug-ins have.
        name = settings.name.replace(":", ".")
        super().__init__(images, {FEATURES: features, LOGITS: logits}, name=name)
        self.settings = settings.without_weights()
        self.num_classes = num_classes
        self.feature_dim = int(features.shape[-1])

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of an input image: S, S, C."""
        return self.settings.image_size, self.settings.image_size, self.settings.channels

    @property
    def named_variables(self) -> dict[str, tf.Variable]:
        """The weights, without state such as the seeds of dropout, by names like `conv1/kernel`.

        Raises:
            ValueError: Two weights share a name.
        """
        named = {weight.path: weight.value for weight in self.weights}
        if len(named) < len(self.weights):
            raise ValueError(f"Two weights of network '{self.name}' share a name.")
        return named

    def to_float32(self) -> BuiltNetwork:
        """Returns a copy that computes in float32 throughout, with fixed statistics.

        What is saved is trained further by warm starts alone.
        """
        return self.with_first_classes(self.num_classes)

    def with_first_classes(self, count: int) -> BuiltNetwork:
        """Returns a copy for the first classes alone, that computes in float32 throughout."""
        with precision_policy("float32"):
            copy = BuiltNetwork(self.settings, count, fixed_statistics=True)
        weights = self.named_variables
        for name, variable in copy.named_variables.items():
            is_logits = name.startswith(f"{LOGITS}/")
            variable.assign(weights[name][..., :count] if is_logits else weights[name])
        return copy


def build_network(
    settings: NetworkSettings, num_classes: int, *, fixed_statistics: bool = False
) -> BuiltNetwork:
    """Builds the registered network `settings.name` with fresh weights, or those of the settings.

    Initial weights and dropout masks follow the seed last given to `keras.utils.set_random_seed`;
    the layers take the global dtype policy (see `modules.networks.precision.precision_policy`).

    Args:
        settings: Name, input size, channels, dropout, and what the weights start from.
        num_classes: K, the width of the logits; at least 1.
        fixed_statistics: Whether batch normalisation keeps the statistics that it has.

    Returns:
        A Keras model from f32 [N, S, S, C] to `{"features": f32 [N, D], "logits": f32 [N, K]}`.

    Raises:
        ConfigError: No network has that name, or it does not take images of that size or fewer
            than one class.
        DataError: The file of weights does not fit.
        ValueError: The registered features are not [N, D].

    Example:
        >>> NETWORKS.register("flat", lambda settings, images: keras.layers.Flatten()(images))
        >>> build_network(NetworkSettings(name="flat", image_size=8), num_classes=10).feature_dim
        64
    """
    if num_classes < 1:
        raise ConfigError(f"A network needs at least one class, found {num_classes}.")
    return BuiltNetwork(settings, num_classes, fixed_statistics=fixed_statistics)


def freeze_layers(network: keras.Model, names: Sequence[str]) -> None:
    """Takes the named layers, or blocks of layers, out of `network.trainable_variables`.

    Raises:
        ConfigError: The network has no such layer with weights, and no such block.
    """
    layers = {layer.name: layer for layer in network.layers if layer.weights}
    for name in names:
        found = layers_of(name, layers)
        if not found:
            raise ConfigError(
                f"transfer.frozen_layers: network '{network.name}' has no layer '{name}' with "
                f"weights{nearest_name_hint(name, tuple(layers))}"
            )
        for layer in found:
            layers[layer].trainable = False
