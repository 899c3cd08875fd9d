"""The layers of an imported Keras model, up to its features."""

from __future__ import annotations

import json
from typing import Any

import keras

from modules.core.errors import ConfigError
from modules.networks.network import LOGITS
from modules.settings import ImportedNetworkSettings, NetworkSettings

# Layers that every network has beside its features; see `modules.networks.registry`.
_TAKEN = frozenset({"images", "features_float32", "dropout", LOGITS})


def imported_features(settings: NetworkSettings, images: keras.KerasTensor) -> keras.KerasTensor:
    """Builds the imported layers anew, with initial weights.

    Args:
        settings: `ImportedNetworkSettings`.
        images: f32 [N, S, S, C].

    Returns:
        [N, D].

    Raises:
        ConfigError: The configuration names this network without a model to import.
    """
    if not isinstance(settings, ImportedNetworkSettings):
        raise ConfigError(
            "network.name: 'imported' is the network of a model that pretraining.from names. Leave "
            "network.name out and set pretraining.from."
        )
    body = keras.saving.deserialize_keras_object(json.loads(settings.architecture))
    copy = keras.models.clone_model(body, input_tensors=images, clone_function=_renamed_copy)
    return copy.outputs[0]


def serialize_layers(body: keras.Model) -> str:
    """Writes the architecture of a functional model as JSON, for `ImportedNetworkSettings`.

    The layers' number formats are left out: they follow `training.precision` as all networks do.
    """
    return json.dumps(_without_policies(keras.saving.serialize_keras_object(body)))


def _renamed_copy(layer: keras.Layer) -> keras.Layer:
    config = layer.get_config()
    if layer.name in _TAKEN:
        config["name"] = f"imported_{layer.name}"
    return type(layer).from_config(config)


def _without_policies(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: _without_policies(value)
            for key, value in node.items()
            if not (key == "dtype" and _is_policy(value))
        }
    return [_without_policies(each) for each in node] if isinstance(node, (list, tuple)) else node


def _is_policy(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "DTypePolicy"
