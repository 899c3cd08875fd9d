"""Reads a .keras file: a Functional or Sequential classifier of images."""

from __future__ import annotations

import keras
import numpy as np

from modules.core.errors import DataError, one_line
from modules.models.imported.found import FoundModel
from modules.models.imported.original import Original, OutputForm, square_shape
from modules.networks.imported import serialize_layers
from modules.networks.network import LOGITS
from modules.networks.precision import precision_policy
from modules.networks.registry import BuiltNetwork, build_network
from modules.settings import ImportedNetworkSettings, NetworkSettings

# Between features and logits: they change nothing in inference.
_DROPOUTS = (keras.layers.Dropout, keras.layers.AlphaDropout, keras.layers.GaussianDropout)
_LONGEST_REASON = 300
# Tolerances: a file that computes in 16 bits becomes a network in 32.
_EXACT, _MIXED = 1e-3, 0.1


def read_keras_file(
    found: FoundModel, network: NetworkSettings, features: str | None = None
) -> Original:
    """Reads a model, and splits it into layers up to the features and a layer of logits.

    Args:
        found: A .keras file.
        network: Its image size counts where the model takes any.
        features: Name of the layer that gives the features; None takes the last before the logits.

    Raises:
        DataError: Keras cannot load the model safely, or it is no such classifier.
    """
    model = _load(found.path)
    logits, form = _logits_layer(found.path, model)
    given, rate = _features(found.path, model, logits, features)
    body = keras.Model(model.inputs[0], given)
    size, channels = square_shape(found.path, model.inputs[0].shape[1:], network)
    settings = ImportedNetworkSettings(
        name="imported",
        image_size=size,
        channels=channels,
        dropout=rate,
        architecture=serialize_layers(body),
    )
    with precision_policy("float32"):
        built = build_network(settings, 2 if form == "sigmoid" else logits.units)
    _take_weights(found.path, built, body, logits)

    def answer(images: np.ndarray) -> np.ndarray:
        return np.asarray(model(images, training=False), np.float32)

    is_exact = all(layer.compute_dtype in (None, "float32") for layer in model.layers)
    return Original(
        found.kind,
        found.path,
        built,
        settings,
        answer=answer,
        form=form,
        tolerance=_EXACT if is_exact else _MIXED,
    )


def _load(path: str) -> keras.Model:
    try:
        # Safe mode, Keras's default, refuses files that bring code of their own.
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # whatever a damaged or foreign file makes Keras raise
        raise DataError(
            path,
            expected="a Keras model whose layers are all known",
            found=one_line(error)[:_LONGEST_REASON],
            fix="Save it with this version of Keras, or an older one. Register layers of your own "
            "with keras.saving.register_keras_serializable in the module of a plug-in, and name "
            "that in network.name. Replace Lambda layers: code inside a file is not run.",
        ) from error
    is_graph = isinstance(model, keras.Model) and getattr(model, "inputs", None)
    if not is_graph or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise DataError(
            path,
            expected="a Functional or Sequential model with one input and one output",
            found=f"{type(model).__name__} with "
            f"{len(getattr(model, 'inputs', None) or [])} inputs and "
            f"{len(getattr(model, 'outputs', None) or [])} outputs",
            fix="Wrap it: keras.Model(inputs, model(inputs)), and save that.",
        )
    return model


def _logits_layer(path: str, model: keras.Model) -> tuple[keras.layers.Dense, OutputForm]:
    """Finds the dense layer of the logits, and what the model makes of them."""
    layer = _maker(model.outputs[0])
    form: OutputForm = "logits"
    if isinstance(layer, keras.layers.Softmax) or _is_activation(layer, "softmax"):
        form, layer = "softmax", _maker(layer.input)
    elif _is_activation(layer, "linear"):
        layer = _maker(layer.input)
    activation = _activation(layer)
    if isinstance(layer, keras.layers.Dense):
        if activation == "softmax" and form == "logits":
            return layer, "softmax"
        if activation == "sigmoid" and layer.units == 1 and form == "logits":
            return layer, "sigmoid"
        if activation == "linear" and layer.units > 1:
            return layer, form
    raise DataError(
        path,
        expected="a last layer Dense with a logit for each class, perhaps with a softmax; or with "
        "one unit and a sigmoid",
        found=f"{type(layer).__name__} '{layer.name}'"
        + (f" with {layer.units} units, {activation}" if activation else ""),
        fix="Save a model that ends that way.",
    )


def _features(
    path: str, model: keras.Model, logits: keras.layers.Dense, name: str | None
) -> tuple[keras.KerasTensor, float]:
    """Finds the features, and the rate of the dropout between them and the logits."""
    tensor, rate = logits.input, 0.0
    passed = []
    while isinstance(maker := _maker(tensor), _DROPOUTS) and maker.name != name:
        rate = max(rate, float(maker.rate))
        passed.append(maker.name)
        tensor = maker.input
    if name not in (None, maker.name):
        known = ", ".join(layer.name for layer in model.layers)
        raise DataError(
            path,
            expected=f"pretraining.features to be '{maker.name}', the last layer before the logits "
            "that is no dropout: new classes get their logits from these features",
            found=f"'{name}'" if name in known else f"'{name}', which the model does not have",
            fix=f"Leave pretraining.features out. The model's layers: {known}.",
        )
    if len(tensor.shape) != 2:
        raise DataError(
            path,
            expected="features [N, D] before the logits",
            found=f"{['N', *tensor.shape[1:]]} of layer '{maker.name}'",
            fix="Put a pooling or Flatten layer before the last Dense layer, and save it again.",
        )
    return tensor, rate


def _take_weights(
    path: str, network: BuiltNetwork, body: keras.Model, logits: keras.layers.Dense
) -> None:
    ours = [weight for weight in network.weights if not weight.path.startswith(f"{LOGITS}/")]
    theirs = body.weights
    shapes = [[tuple(weight.shape) for weight in weights] for weights in (ours, theirs)]
    if shapes[0] != shapes[1] or len(network.named_variables) < len(network.weights):
        raise DataError(
            path,
            expected="layers that their configuration builds anew",
            found=f"{len(theirs)} weights in the file, {len(ours)} in layers built from it",
            fix="Save a model of layers with a complete get_config.",
        )
    for mine, given in zip(ours, theirs, strict=True):
        mine.assign(given)
    kernel = np.asarray(logits.kernel)
    bias = np.asarray(logits.bias) if logits.use_bias else np.zeros(kernel.shape[-1], np.float32)
    if kernel.shape[-1] == 1:  # softmax of 0 and z is the sigmoid of z
        kernel = np.concatenate([np.zeros_like(kernel), kernel], axis=-1)
        bias = np.concatenate([np.zeros_like(bias), bias])
    network.named_variables[f"{LOGITS}/kernel"].assign(kernel)
    network.named_variables[f"{LOGITS}/bias"].assign(bias)


def _maker(tensor: keras.KerasTensor) -> keras.Layer:
    """Returns the layer that makes a tensor of a functional model."""
    return tensor._keras_history.operation


def _activation(layer: keras.Layer) -> str:
    return getattr(getattr(layer, "activation", None), "__name__", "")


def _is_activation(layer: keras.Layer, name: str) -> bool:
    return isinstance(layer, keras.layers.Activation) and _activation(layer) == name
