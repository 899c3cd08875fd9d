"""Reads a TensorFlow checkpoint into a network that is built from code."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf
from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

from modules.core.errors import DataError, one_line
from modules.core.nearest_name import nearest_name
from modules.core.wording import listed
from modules.models.imported.found import FoundModel
from modules.models.imported.original import Original
from modules.networks.precision import precision_policy
from modules.networks.registry import build_network
from modules.settings import NetworkSettings

_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


def read_checkpoint(
    found: FoundModel,
    settings: NetworkSettings,
    num_classes: int,
    variables: Mapping[str, str],
) -> Original:
    """Builds the configured network and gives it the checkpoint's weights, by name.

    Every weight of the network must be there, in its shape. Others, such as an optimizer's, are
    left aside.

    Args:
        found: A checkpoint's prefix.
        settings: The network that the weights belong to.
        num_classes: K, the number of its logits.
        variables: The checkpoint's variables by the network's, where their names differ.

    Raises:
        ConfigError: There is no such network.
        DataError: The checkpoint cannot be read, or does not hold the network's weights.
    """
    with precision_policy("float32"):
        network = build_network(settings, num_classes)
    try:
        reader = tf.train.load_checkpoint(found.path)
        own_names = _keys_by_name(reader)
        keys = _with_short_names(own_names)
        shapes = reader.get_variable_to_shape_map()
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise DataError(
            found.path,
            expected="a readable checkpoint",
            found=one_line(error)[:300],
            fix="Copy it again, with its .index and .data files.",
        ) from error
    problems = []
    for name, variable in network.named_variables.items():
        key = keys.get(variables.get(name, name))
        if key is None:
            problems.append(f"{name} {variable.shape.as_list()} is not there{_near(name, keys)}")
        elif list(shapes[key]) != variable.shape.as_list():
            problems.append(f"{name} {variable.shape.as_list()} is {list(shapes[key])} there")
        else:
            variable.assign(reader.get_tensor(key))
    unknown = sorted(set(variables) - set(network.named_variables))
    problems += [f"{name} of pretraining.variables is not in the network" for name in unknown]
    if problems:
        raise DataError(
            found.path,
            expected=f"every weight of network '{settings.name}'",
            found="; ".join(problems[:20]),
            fix="Name the network that it was saved from, or map names with pretraining.variables. "
            f"The checkpoint has {listed(sorted(own_names))}.",
        )
    return Original(found.kind, found.path, network, settings)


def _keys_by_name(reader: tf.train.CheckpointReader) -> dict[str, str]:
    """Finds the key of each variable by its own name, or else by its place in the saved object."""
    keys = [key for key in reader.get_variable_to_shape_map() if key != _OBJECT_GRAPH]
    names = {key: key.removesuffix(_VALUE_SUFFIX) for key in keys}
    if reader.has_tensor(_OBJECT_GRAPH):
        graph = TrackableObjectGraph.FromString(reader.get_tensor(_OBJECT_GRAPH))
        own = {
            attribute.checkpoint_key: attribute.full_name
            for node in graph.nodes
            for attribute in node.attributes
            if attribute.full_name and attribute.checkpoint_key in names
        }
        # Plain variables are all named "Variable", or alike.
        if len(set(own.values())) == len(own):
            names |= own
    return {name: key for key, name in names.items()}


def _with_short_names(keys: Mapping[str, str]) -> dict[str, str]:
    """Adds names without the scopes in front, such as a model's, if unique; and the keys' own."""
    short: dict[str, set[str]] = {}
    for name, key in keys.items():
        parts = name.split("/")
        for start in range(1, len(parts) - 1):
            short.setdefault("/".join(parts[start:]), set()).add(key)
    unique = {name: min(found) for name, found in short.items() if len(found) == 1}
    places = {key.removesuffix(_VALUE_SUFFIX): key for key in keys.values()}
    return unique | places | dict(keys)


def _near(name: str, keys: Mapping[str, str]) -> str:
    near = nearest_name(name, keys)
    return f"; did you mean '{near}'?" if near else ""
