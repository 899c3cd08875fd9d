"""Makes a network's graph fit for warm starts: lasting names, and statistics that stay or agree."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("warmstart")
class FixedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation in inference mode, whatever the network does; scale and shift train.

    Reference: the guide "Transfer learning & fine-tuning" of Keras, on BatchNormalization: its
    statistics belong to the data that the weights were trained on, and updating them with those of
    a small or mixed batch destroys what the model has learned.

    Example:
        >>> layer = FixedBatchNormalization()
        >>> _ = layer(tf.constant([[5.0], [7.0]]), training=True)
        >>> float(layer.moving_mean[0])
        0.0
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalises with the moving statistics."""
        return super().call(inputs, training=False, mask=mask)


def prepare_features(
    images: keras.KerasTensor, features: keras.KerasTensor, *, fixed_statistics: bool
) -> keras.KerasTensor:
    """Replaces those layers between images and features that a warm start could not use.

    - A layer that Keras has named, such as `conv2d_7`, has another name in each process: it is
      numbered by its place in this network instead.
    - Batch normalisation keeps its statistics, if they are to be fixed; otherwise replicas that
      train together share them.

    All other layers stay, with their weights. Replaced ones have the same weights.

    Args:
        images: The network's input.
        features: Computed from it.
        fixed_statistics: Whether batch normalisation runs in inference mode always.

    Returns:
        The features, computed by the layers that stayed and those that took others' places.
    """
    model = keras.Model(images, features)
    replacement = _Replacement(type(model), fixed_statistics)
    replacement.find(model)
    if not replacement.pairs:
        return features
    prepared = replacement.rebuild(model, images).output
    for layer, other in replacement.pairs:
        other.set_weights(layer.get_weights())
    return prepared


class _Replacement:
    """Layers that take the place of others.

    Args:
        functional: The class of models made of layers; such models may hold others.
        fixed_statistics: As for `prepare_features`.

    Attributes:
        pairs: Each layer that goes, and the one that comes, which is built by `rebuild`.
    """

    def __init__(self, functional: type[keras.Model], fixed_statistics: bool) -> None:
        self.pairs: list[tuple[keras.Layer, keras.Layer]] = []
        self._others: dict[int, keras.Layer] = {}
        self._models = (functional, keras.Sequential)
        self._fixed_statistics = fixed_statistics
        self._replicas = tf.distribute.get_strategy().num_replicas_in_sync
        self._numbers: Counter[str] = Counter()

    def find(self, model: keras.Model) -> None:
        """Makes the layers that take others' places, at any depth."""
        for layer in model.layers:
            if isinstance(layer, self._models):
                known = len(self.pairs)
                self.find(layer)
                if len(self.pairs) > known:
                    self._others[id(layer)] = self.rebuild(layer)
            elif layer.weights and id(layer) not in self._others:
                changes, kind = self._changes(layer), self._kind(layer)
                if changes or kind is not type(layer):
                    other = kind.from_config({**layer.get_config(), **changes})
                    self._others[id(layer)] = other
                    self.pairs.append((layer, other))

    def rebuild(self, model: keras.Model, images: keras.KerasTensor | None = None) -> keras.Model:
        """Connects the layers that stay and those that come, and builds these."""
        return keras.models.clone_model(
            model,
            input_tensors=images,
            clone_function=lambda layer: self._others.get(id(layer), layer),
        )

    def _kind(self, layer: keras.Layer) -> type[keras.Layer]:
        is_fixed = self._fixed_statistics and isinstance(layer, keras.layers.BatchNormalization)
        return FixedBatchNormalization if is_fixed else type(layer)

    def _changes(self, layer: keras.Layer) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        name = self._lasting_name(layer)
        if name != layer.name:
            changes["name"] = name
        if self._replicas > 1 and isinstance(layer, keras.layers.BatchNormalization):
            changes["synchronized"] = True
        return changes

    def _lasting_name(self, layer: keras.Layer) -> str:
        automatic = _automatic_name(type(layer))
        if not re.fullmatch(rf"{automatic}(_\d+)?", layer.name):
            return str(layer.name)
        number = self._numbers[automatic]
        self._numbers[automatic] += 1
        return f"{automatic}_{number}" if number else automatic


def _automatic_name(kind: type[keras.Layer]) -> str:
    """Says how Keras names layers of a class: `conv2d` for Conv2D."""
    parted = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind.__name__)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()
