"""Makes a served version a model to start from, where it fits the run."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from modules.core.checksums import write_checksums
from modules.core.errors import DataError, one_line
from modules.core.hashing import hash_folders
from modules.core.wording import listed
from modules.examples.input_pipeline import ImagePreprocessor, index_examples, preprocess_examples
from modules.models.artifact import (
    CHECKPOINT_FOLDER,
    SAVED_MODEL_FOLDER,
    checkpoint_dir,
    saved_model_dir,
)
from modules.models.checkpointing import (
    CLASS_NAMES,
    read_network_settings,
    save_network_checkpoint,
)
from modules.models.imported.found import EXTRA_FOLDER, FACTS_FILE, FoundModel, Kind
from modules.models.imported.original import Original
from modules.models.imported.own_model import read_own_model
from modules.models.served_version import ServedVersion
from modules.settings import NetworkSettings
from modules.training.jobs import train_split
from modules.transfer.served.run_identity import StartInputs
from modules.transfer.served.start import ServedStart

# Images of the target's train split that two preprocessings are compared on.
_COMPARED_IMAGES = 64
_MEMORY_MIB = 1024
# Longer ones, such as those of a whole architecture, are only named.
_LONGEST_DIFFERENCE = 80


def prepare_served_start(
    inputs: StartInputs, run: str, served: ServedVersion, model_uri: str
) -> ServedStart:
    """Makes a copy of the served version a Model artifact to start from, if it fits the run.

    Args:
        inputs: The run's.
        run: What identifies it.
        served: What is served.
        model_uri: Root of the Model artifact, with the copy in it if the version is whole.

    Returns:
        Whether the warm start can begin from it, or why not.
    """
    refusal = _refusal(inputs, served, model_uri)
    return ServedStart(run, served.number, refusal)


def _refusal(inputs: StartInputs, served: ServedVersion, model_uri: str) -> str:
    if not served.number:
        return "nothing is served yet"
    if served.problem:
        return served.problem.rstrip(".")
    name, path = f"version {served.number}", saved_model_dir(model_uri)
    if not tf.io.gfile.exists(os.path.join(path, EXTRA_FOLDER, FACTS_FILE)):
        return f"{name} does not say what network it is: an earlier release pushed it"
    try:
        original = read_own_model(FoundModel(Kind.OWN, path))
        misfit = _misfit(inputs, original)
    except DataError as error:
        return one_line(error).rstrip(".")
    if misfit:
        return f"{name} {misfit}"
    _write_checkpoint(original, model_uri)
    return ""


def _misfit(inputs: StartInputs, original: Original) -> str:
    wanted = read_network_settings(checkpoint_dir(inputs.base_model)).without_weights()
    if other := _differences(original.settings.without_weights(), wanted):
        return f"is another network: {listed(other)}"
    names = original.class_names or ()
    if names != inputs.class_names:
        expected, found = set(inputs.class_names), set(names)
        if expected == found:
            return "has the classes in another order"
        missing, more = sorted(expected - found), sorted(found - expected)
        words = [f"without {listed(missing)}"] if missing else []
        words += [f"with {listed(more)}"] if more else []
        return f"has other classes: {', '.join(words)}"
    theirs = original.transform_graph or ""
    if not _prepares_alike(inputs.transform_graph, theirs, inputs.examples):
        return "prepares images in another way"
    return ""


def _differences(found: NetworkSettings, wanted: NetworkSettings) -> list[str]:
    theirs, ours = found.model_dump(mode="json"), wanted.model_dump(mode="json")
    if found.name != wanted.name:
        return [f"{found.name} instead of {wanted.name}"]
    return [
        _difference(key, theirs.get(key), ours.get(key))
        for key in dict.fromkeys((*ours, *theirs))
        if theirs.get(key) != ours.get(key)
    ]


def _difference(key: str, theirs: object, ours: object) -> str:
    words = f"{key} {theirs} instead of {ours}"
    return words if len(words) <= _LONGEST_DIFFERENCE else f"another {key}"


def _prepares_alike(ours: str, theirs: str, examples: str) -> bool:
    """Whether two TransformGraphs make the same of images of the target's train split."""
    if hash_folders([ours]) == hash_folders([theirs]):
        return True
    index = index_examples([f"{train_split(examples)}/*"])
    rows = np.linspace(0, len(index) - 1, min(_COMPARED_IMAGES, len(index))).astype(np.int64)
    first, second = (
        np.asarray(
            preprocess_examples(
                index, ImagePreprocessor(graph), memory_cache_mib=_MEMORY_MIB, rows=rows
            ).images
        )
        for graph in (ours, theirs)
    )
    return first.shape == second.shape and bool(np.allclose(first, second, atol=1e-5))


def _write_checkpoint(original: Original, model_uri: str) -> None:
    names = list(original.class_names or ())
    metadata = {
        "network": original.settings.without_weights().model_dump(mode="json"),
        "num_classes": len(names),
        CLASS_NAMES: names,
        **original.facts,
    }
    save_network_checkpoint(original.network, checkpoint_dir(model_uri), metadata)
    write_checksums(model_uri, (CHECKPOINT_FOLDER, SAVED_MODEL_FOLDER))
