"""Makes a model that was found one of this pipeline's."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from modules.core.class_names import read_class_names
from modules.core.errors import ConfigError, DataError, WarmStartMappingError
from modules.core.example_features import TRAIN_SPLIT
from modules.core.wording import count, listed
from modules.examples.input_pipeline import ImagePreprocessor, index_examples, preprocess_examples
from modules.models.artifact import IMPORTED, save_model
from modules.models.imported.fingerprint import fingerprint_model
from modules.models.imported.found import Kind, find_model_to_import
from modules.models.imported.keras_file import read_keras_file
from modules.models.imported.original import Original
from modules.models.imported.own_model import copy_folder, read_own_model
from modules.models.imported.saved_graph import read_saved_model
from modules.models.imported.tf_checkpoint import read_checkpoint
from modules.models.served_classes import ServedClasses
from modules.networks.outputs import network_outputs
from modules.networks.registry import NETWORKS
from modules.settings.plans import ImportPlan

_NAME_FILES = ("classes.json", "classes.txt")
_PROOF_IMAGES = 64


@dataclass(frozen=True)
class ImportJob:
    """One import as data.

    Attributes:
        plan: What the model's file does not say.
        path: The model, on a local disk.
        examples: Root of the target's Examples artifact.
        source_examples: Root of the source's, where there is a source.
        given_transform_graph: The TransformGraph artifact to use; None takes the model's own.
        model: Root of the Model artifact to fill.
        transform_graph: The TransformGraph artifact to fill.
    """

    plan: ImportPlan
    path: str
    examples: str
    source_examples: str | None
    given_transform_graph: str | None
    model: str
    transform_graph: str


def import_model(job: ImportJob) -> None:
    """Reads a model, fills the artifacts, and proves that both answer alike.

    Raises:
        ConfigError: The settings do not fit the model.
        DataError: The model cannot be read, or is none that can be trained further.
        WarmStartMappingError: What would be written answers differently.
    """
    source_names = read_class_names(job.source_examples) if job.source_examples else None
    original = read_original(job.plan, job.path, source_names)
    names = class_names(job.plan, original, job.path, source_names)
    rows = _rows(original, names, source_names)
    if source_names is not None:
        names = tuple(source_names)
    original.reorder(rows)
    transform_graph = job.given_transform_graph or original.transform_graph
    assert transform_graph is not None  # `read_original` sees to it
    difference = _prove(original, rows, job.examples, transform_graph)
    copy_folder(transform_graph, job.transform_graph)
    record = {
        "kind": original.kind.value,
        "path": job.path,
        "sha256": fingerprint_model(job.path),
        "output_difference": difference,
    }
    save_model(
        original.network,
        original.settings,
        ServedClasses.all_of(names),
        job.transform_graph,
        job.model,
        facts={**_reordered(original.facts, rows), IMPORTED: record},
    )


def _reordered(facts: Mapping[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    return {name: [values[row] for row in rows] for name, values in facts.items()}


def read_original(
    plan: ImportPlan, path: str, source_names: Sequence[str] | None = None
) -> Original:
    """Reads the model, whatever it is, and holds it against the settings.

    Args:
        plan: What the model's file does not say.
        path: The model, on a local disk.
        source_names: The source's classes, where there is a source.

    Raises:
        ConfigError: The settings do not fit the model.
        DataError: The model cannot be read, or is none that can be trained further.
    """
    found, settings = find_model_to_import(path), plan.imported
    _check_settings(plan, found.kind)
    keras.utils.set_random_seed(plan.seed)
    # Registers the layers of a plug-in that the configuration names.
    NETWORKS.find(plan.network.name)
    if found.kind is Kind.OWN:
        original = read_own_model(found)
    elif found.kind is Kind.KERAS:
        original = read_keras_file(found, plan.network, settings.features)
    elif found.kind is Kind.SAVED_MODEL:
        original = read_saved_model(found, plan.network)
    else:
        names = settings.classes or _names_beside(path) or source_names
        if names is None:
            raise ConfigError(_NO_NAMES.format(path=path, count="the"))
        original = read_checkpoint(found, plan.network, len(names), settings.variables)
    wanted, given = original.settings, plan.network
    if (wanted.image_size, wanted.channels) != (given.image_size, given.channels):
        raise ConfigError(
            f"network: {path} takes images of {wanted.image_size}x{wanted.image_size} pixels and "
            f"{count(wanted.channels, 'channel')}, found image_size {given.image_size} and "
            f"channels {given.channels}. Set network.image_size={wanted.image_size} and "
            f"network.channels={wanted.channels}."
        )
    return original


def class_names(
    plan: ImportPlan, original: Original, path: str, source_names: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Finds the names of the model's logits, in their order.

    Raises:
        ConfigError: Nothing says them, or there are too many or too few.
    """
    names = plan.imported.classes or original.class_names or _names_beside(path)
    if names is None and source_names is not None and len(source_names) == original.num_classes:
        names = tuple(source_names)
    if names is None:
        raise ConfigError(_NO_NAMES.format(path=path, count=f"its {original.num_classes}"))
    if len(names) != original.num_classes or len(set(names)) != len(names):
        raise ConfigError(
            f"pretraining.classes: {path} tells {original.num_classes} classes apart, found "
            f"{len(names)} names, {len(set(names))} of them different. Name each class once."
        )
    return tuple(names)


_NO_NAMES = (
    "pretraining.classes: nothing says what {count} logits of {path} stand for. List the names in "
    f"their order, or put them into {_NAME_FILES[0]} (a list) or {_NAME_FILES[1]} (a line each) "
    "beside the model."
)


def _check_settings(plan: ImportPlan, kind: Kind) -> None:
    settings = plan.imported
    if kind is Kind.OWN and settings.pixels is not None:
        raise ConfigError(
            "pretraining.pixels: a model of an earlier run brings its own preprocessing. Leave "
            "pixels out."
        )
    if kind is not Kind.OWN and settings.pixels is None:
        raise ConfigError(
            f"pretraining.pixels: a {kind.value} does not say what pixels it wants. Set unit (0 to "
            "1), byte (0 to 255), symmetric (-1 to 1) or standardized, as it was trained."
        )
    unused = {
        "features": settings.features is not None and kind is not Kind.KERAS,
        "classes": settings.classes is not None and kind is Kind.OWN,
        "variables": bool(settings.variables) and kind is not Kind.CHECKPOINT,
    }
    for name, is_unused in unused.items():
        if is_unused:
            raise ConfigError(
                f"pretraining.{name}: a {kind.value} has no use for it. Leave it out."
            )


def _rows(
    original: Original, names: Sequence[str], source_names: Sequence[str] | None
) -> list[int]:
    """Finds the logit of each class, in the order of the source's classes where there is one."""
    if source_names is None:
        return list(range(len(names)))
    if set(names) != set(source_names):
        raise ConfigError(
            f"source: the model {original.path} knows the classes {listed(list(names))}, and the "
            f"source has {listed(list(source_names))}. Both must be the same: rename them with "
            "pretraining.classes or source.classes, or leave the source out."
        )
    return [list(names).index(name) for name in source_names]


def _names_beside(path: str) -> tuple[str, ...] | None:
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    for name in _NAME_FILES:
        file = os.path.join(folder, name)
        if not os.path.isfile(file):
            continue
        with open(file, encoding="utf-8") as lines:
            text = lines.read()
        try:
            names = json.loads(text) if name.endswith(".json") else text.splitlines()
        except ValueError:
            names = None
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise DataError(
                file,
                expected="a list of class names, in the order of the logits",
                found=f"{text[:40]!r}",
                fix="Correct it, or set pretraining.classes.",
            )
        return tuple(each.strip() for each in names if each.strip())
    return None


def _prove(
    original: Original, rows: Sequence[int], examples: str, transform_graph: str
) -> float | None:
    """Compares the answers to images of the target's train split; None where there are no others.

    Raises:
        WarmStartMappingError: They differ.
    """
    index = index_examples([os.path.join(examples, f"Split-{TRAIN_SPLIT}", "*")])
    spread = np.linspace(0, len(index) - 1, min(_PROOF_IMAGES, len(index))).astype(np.int64)
    images = preprocess_examples(
        index, ImagePreprocessor(transform_graph), memory_cache_mib=1024, rows=spread
    ).images
    expected = original.outputs(np.asarray(images), rows)
    if expected is None:
        return None
    found = original.in_form(network_outputs(original.network, np.asarray(images)).logits)
    difference = float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))
    if not difference <= original.tolerance:
        raise WarmStartMappingError(
            f"{original.path}: rebuilt from its layers, it gives other outputs than the file's own "
            f"model, by up to {difference:.2g} of the largest one. Layers with a get_config that "
            "leaves something out do that."
        )
    return difference
