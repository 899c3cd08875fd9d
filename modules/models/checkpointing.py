"""Checkpoints of a network's weights by name, and the warm start from them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf
from pydantic import TypeAdapter

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError, one_line
from modules.models.mapping_report import (
    FROM_CHECKPOINT,
    ClassRow,
    MappingReport,
    compare_weights,
    refuse_unannounced,
)
from modules.networks.network import LOGITS, Network
from modules.settings import NetworkSettings
from modules.settings.network import AnyNetworkSettings

METADATA_FILE = "network.json"
FINGERPRINT = "fingerprint"
CLASS_NAMES = "class_names"

_NETWORK_SETTINGS: TypeAdapter[NetworkSettings] = TypeAdapter(AnyNetworkSettings)
_PREFIX = "variables"
_VALUE_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_FIX = "Run the step that wrote the checkpoint again, or take one from another run."


def checkpoint_fingerprint(arrays: Mapping[str, np.ndarray]) -> str:
    """Hashes weights by name, shape, type and value.

    Args:
        arrays: Weights by name, in any order.

    Returns:
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def save_network_checkpoint(network: Network, directory: str, metadata: Mapping[str, Any]) -> str:
    """Writes a network's weights by name, then `network.json`, which marks them complete.

    Args:
        directory: Folder to write, made if missing. An earlier checkpoint there is replaced.
        metadata: Further content of network.json, as JSON values: network settings, number and
            names of the classes.

    Returns:
        The checkpoint's fingerprint, which is in network.json, too.
    """
    tf.io.gfile.makedirs(directory)
    metadata_path = os.path.join(directory, METADATA_FILE)
    if tf.io.gfile.exists(metadata_path):
        tf.io.gfile.remove(metadata_path)
    variables = network.named_variables
    tf.train.Checkpoint(**_nested(variables)).write(os.path.join(directory, _PREFIX))
    arrays = {name: variable.numpy() for name, variable in variables.items()}
    fingerprint = checkpoint_fingerprint(arrays)
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    record = {**metadata, FINGERPRINT: fingerprint, "variables": shapes}
    write_atomically(metadata_path, json.dumps(record, indent=2, sort_keys=True) + "\n")
    return fingerprint


def read_checkpoint_metadata(directory: str) -> dict[str, Any]:
    """Reads the `network.json` of a checkpoint.

    Args:
        directory: The checkpoint's folder.

    Returns:
        The metadata given to `save_network_checkpoint`, with `fingerprint` and `variables`
        (shapes by name).

    Raises:
        DataError: network.json is missing or unreadable: the checkpoint is incomplete.
    """
    path = os.path.join(directory, METADATA_FILE)
    try:
        with tf.io.gfile.GFile(path) as file:
            record = json.loads(file.read())
    except (tf.errors.OpError, ValueError) as error:
        raise DataError(
            path,
            expected="the description of a complete checkpoint",
            found=one_line(error),
            fix=_FIX,
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get(FINGERPRINT), str):
        raise DataError(
            path, expected="a JSON object with a fingerprint", found="something else", fix=_FIX
        )
    return record


def read_network_settings(directory: str) -> NetworkSettings:
    """Reads the settings of the network whose weights a checkpoint holds.

    Args:
        directory: The checkpoint's folder.

    Raises:
        DataError: network.json is missing or unreadable.
    """
    settings = read_checkpoint_metadata(directory)["network"]
    return _NETWORK_SETTINGS.validate_python(settings)


def read_checkpoint_variables(directory: str) -> dict[str, np.ndarray]:
    """Reads a checkpoint's weights and checks them against its fingerprint.

    Args:
        directory: The checkpoint's folder.

    Returns:
        The weights by name, in alphabetical order.

    Raises:
        DataError: The checkpoint is missing, truncated, corrupt or was changed after saving.
    """
    expected = read_checkpoint_metadata(directory)[FINGERPRINT]
    try:
        reader = tf.train.load_checkpoint(os.path.join(directory, _PREFIX))
        arrays = {
            key.removesuffix(_VALUE_SUFFIX): reader.get_tensor(key)
            for key in sorted(reader.get_variable_to_shape_map())
            if key.endswith(_VALUE_SUFFIX)
        }
    except (tf.errors.OpError, ValueError, RuntimeError, LookupError) as error:
        raise DataError(
            directory, expected="a readable checkpoint", found=one_line(error), fix=_FIX
        ) from error
    found = checkpoint_fingerprint(arrays)
    if found != expected:
        raise DataError(
            directory,
            expected=f"weights with fingerprint {expected[:12]}",
            found=f"{found[:12]}: they were changed after saving",
            fix=_FIX,
        )
    return arrays


def warm_start_network(
    network: Network,
    directory: str,
    *,
    expected_missing: Sequence[str] = (),
    expected_mismatched: Sequence[str] = (),
    class_names: Sequence[str] = (),
) -> MappingReport:
    """Restores every weight that network and checkpoint both have, by name and shape.

    The logits are restored class by class, where the class names of both are known: a class that
    the checkpoint does not have keeps its initial weights.

    Nothing is restored if the two differ in a way that was not announced. Weights that only the
    checkpoint has are reported, not refused: the network's code shows that it has fewer parts.

    Args:
        network: Changed in place.
        directory: A checkpoint of `save_network_checkpoint`.
        expected_missing: Weights, or layers, that the checkpoint may lack.
        expected_mismatched: Weights, or layers, whose shape may differ from the checkpoint's.
        class_names: Class of each of the network's logits.

    Returns:
        What was restored and what was not.

    Raises:
        DataError: `read_checkpoint_variables` refuses the checkpoint.
        WarmStartMappingError: A difference was not announced, an announced name is not in the
            network, or the two have nothing in common.
    """
    arrays = read_checkpoint_variables(directory)
    fingerprint = checkpoint_fingerprint(arrays)
    variables = network.named_variables
    known = read_checkpoint_metadata(directory).get(CLASS_NAMES, ())
    if class_names and known:
        arrays |= _by_class(arrays, known, variables, class_names)
    report = compare_weights(
        {name: tuple(variable.shape.as_list()) for name, variable in variables.items()},
        {name: array.shape for name, array in arrays.items()},
        checkpoint=directory,
        fingerprint=fingerprint,
    )
    refuse_unannounced(report, expected_missing, expected_mismatched)
    for name in report.restored:
        variables[name].assign(arrays[name])
    return replace(report, rows=_class_rows(class_names, known)) if known else report


def _by_class(
    arrays: Mapping[str, np.ndarray],
    known: Sequence[str],
    variables: Mapping[str, tf.Variable],
    class_names: Sequence[str],
) -> dict[str, np.ndarray]:
    """Gives the checkpoint's logits the shape of the network's; new classes as they are there."""
    shared = [name for name in class_names if name in known]
    ours, theirs = (
        [names.index(name) for name in shared] for names in (list(class_names), list(known))
    )
    merged = {}
    for name, array in arrays.items():
        if name.startswith(f"{LOGITS}/") and name in variables:
            merged[name] = variables[name].numpy()
            merged[name][..., ours] = array[..., theirs]
    return merged


def _class_rows(class_names: Sequence[str], known: Sequence[str]) -> list[ClassRow]:
    return [
        ClassRow(
            name, f"{FROM_CHECKPOINT} {known.index(name)}", "the pretrained model has this class"
        )
        if name in known
        else ClassRow(name, "fresh", "the pretrained model does not have this class")
        for name in class_names
    ]


def _nested(variables: Mapping[str, tf.Variable]) -> dict[str, Any]:
    """Makes scopes nested dicts: a flat key's slashes would be escaped in the checkpoint."""
    tree: dict[str, Any] = {}
    for name, variable in variables.items():
        *scopes, leaf = name.split("/")
        node = tree
        for scope in scopes:
            node = node.setdefault(scope, {})
        node[leaf] = variable
    return tree
