"""Reads a model of an earlier run: it carries its settings, classes and preprocessing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from pydantic import TypeAdapter, ValidationError

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError, one_line
from modules.models.imported.found import EXTRA_FOLDER, FACTS_FILE, FoundModel
from modules.models.imported.original import Original
from modules.networks.restored_graph import RestoredGraph
from modules.settings import NetworkSettings
from modules.settings.network import AnyNetworkSettings

# What a model that is imported still says of its training.
_PASSED_ON = ("train_counts",)
_TRANSFORM_GRAPH = "transform_graph"
_SETTINGS: TypeAdapter[NetworkSettings] = TypeAdapter(AnyNetworkSettings)


def write_facts(saved_model: str, facts: Mapping[str, Any], transform_graph_dir: str) -> None:
    """Adds to a SavedModel what a later run needs to start from it, where loaders ignore it.

    Args:
        saved_model: Folder of the SavedModel.
        facts: At least `network`, the settings that build its network anew, and `class_names`, of
            its logits; as JSON values.
        transform_graph_dir: The TransformGraph artifact that is also inside the SavedModel's graph.
    """
    extra = os.path.join(saved_model, EXTRA_FOLDER)
    copy_folder(transform_graph_dir, os.path.join(extra, _TRANSFORM_GRAPH))
    text = json.dumps(dict(facts), indent=2, sort_keys=True) + "\n"
    write_atomically(os.path.join(extra, FACTS_FILE), text)


def read_own_model(found: FoundModel) -> Original:
    """Reads what `write_facts` wrote, and the SavedModel as a network.

    Raises:
        DataError: The facts are damaged, or the SavedModel is.
    """
    path = os.path.join(found.path, EXTRA_FOLDER, FACTS_FILE)
    try:
        with tf.io.gfile.GFile(path) as file:
            facts: dict[str, Any] = json.loads(file.read())
        settings = _SETTINGS.validate_python(facts["network"])
        names = tuple(str(name) for name in facts["class_names"])
    except (tf.errors.OpError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise DataError(
            path,
            expected="what a run wrote about its model",
            found=one_line(error)[:200],
            fix="Choose another version, or run the pipeline that made it again.",
        ) from error
    return Original(
        found.kind,
        found.path,
        RestoredGraph(found.path),
        settings,
        class_names=names,
        facts={key: facts[key] for key in _PASSED_ON if key in facts},
        transform_graph=os.path.join(found.path, EXTRA_FOLDER, _TRANSFORM_GRAPH),
    )


def copy_folder(folder: str, target: str) -> None:
    """Copies a folder with all that is below it; files that are there are replaced."""
    for directory, _, names in tf.io.gfile.walk(folder):
        copied = os.path.normpath(os.path.join(target, os.path.relpath(directory, folder)))
        tf.io.gfile.makedirs(copied)
        for name in names:
            tf.io.gfile.copy(
                os.path.join(directory, name), os.path.join(copied, name), overwrite=True
            )
