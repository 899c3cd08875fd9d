"""What a `run_fn` gets from TFX's Trainer, in this project's types."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from modules.settings import Settings, Shots
from modules.training_resumption import open_run_directory, training_identity

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

    train_files: Sequence[str]
    transform_graph_path: str
    serving_model_dir: str
    model_run_dir: str
    custom_config: Mapping[str, Any]


def examples_uri(arguments: RunFnArguments) -> str:
    """Returns the root of the Examples artifact that the train split belongs to."""
    return os.path.dirname(os.path.dirname(arguments.train_files[0]))


def model_uri(arguments: RunFnArguments) -> str:
    """Returns the root of the Model artifact to fill."""
    return os.path.dirname(arguments.serving_model_dir.rstrip("/"))


def open_training_run(arguments: RunFnArguments, precision: str) -> None:
    """Makes the ModelRun artifact hold what an interrupted attempt has left, or nothing.

    Args:
        arguments: The run_fn's.
        precision: The Keras dtype policy to train in, which may depend on the machine.
    """
    inputs = [os.path.dirname(pattern) for pattern in arguments.train_files]
    identity = training_identity(
        {**arguments.custom_config, "precision": precision},
        [*inputs, arguments.transform_graph_path],
    )
    open_run_directory(arguments.model_run_dir, identity)


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
