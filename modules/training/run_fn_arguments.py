"""What a `run_fn` gets from TFX's Trainer, in this project's types."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from modules.settings import Settings, Shots
from modules.training.placement import TrainingPlacement
from modules.training.resumption import open_run_directory, training_identity

# What all workers of a training must have in common, in words.
SAME_TRAINING = "settings, code or precision"

SettingsType = TypeVar("SettingsType", bound=Settings)


class RunFnArguments(Protocol):
    """The attributes of TFX's `FnArgs` that are used.

    Attributes:
        train_files: Patterns of the train split's files, <Examples artifact>/Split-train/*.
        transform_graph_path: The TransformGraph artifact.
        serving_model_dir: Where the SavedModel belongs, <Model artifact>/Format-Serving.
        model_run_dir: The ModelRun artifact.
        custom_config: The component's own parameters, among them settings as JSON.
    """

    # Properties: whoever has these attributes may keep them from being set.
    @property
    def train_files(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def transform_graph_path(self) -> str: ...  # noqa: D102
    @property
    def serving_model_dir(self) -> str: ...  # noqa: D102
    @property
    def model_run_dir(self) -> str: ...  # noqa: D102
    @property
    def custom_config(self) -> Mapping[str, Any]: ...  # noqa: D102


def examples_uri(arguments: RunFnArguments) -> str:
    """Returns the root of the Examples artifact that the train split belongs to."""
    return os.path.dirname(os.path.dirname(arguments.train_files[0]))


def model_uri(arguments: RunFnArguments) -> str:
    """Returns the root of the Model artifact to fill."""
    return os.path.dirname(arguments.serving_model_dir.rstrip("/"))


def open_training_run(
    arguments: RunFnArguments, precision: str, placement: TrainingPlacement
) -> None:
    """Makes the ModelRun artifact hold what an interrupted attempt has left, or nothing.

    The chief does; the others wait for it.

    Args:
        arguments: The run_fn's.
        precision: The Keras dtype policy to train in, which may depend on the machine.
        placement: Where the training runs.

    Raises:
        TrainingError: The workers do not train the same.
    """
    settings = {
        **arguments.custom_config,
        "precision": precision,
        "workers": placement.workers,
    }
    if placement.is_chief:
        inputs = [os.path.dirname(pattern) for pattern in arguments.train_files]
        identity = training_identity(settings, [*inputs, arguments.transform_graph_path])
        open_run_directory(arguments.model_run_dir, identity)
    placement.check_agreement(SAME_TRAINING, json.dumps(settings, sort_keys=True))


def read_settings(
    arguments: RunFnArguments, name: str, settings_type: type[SettingsType]
) -> SettingsType:
    """Reads a section of settings from the custom config.

    Args:
        arguments: The run_fn's.
        name: Key of the section, such as `network`.
        settings_type: Its type.

    Returns:
        The validated settings.
    """
    return settings_type.model_validate_json(arguments.custom_config[name])


def parse_shots(text: str | int) -> Shots:
    """Reads labelled target images per class: a number, as such or as text, or `all`."""
    return "all" if text == "all" else int(text)
