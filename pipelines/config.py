"""The configuration: its typed schema, and how a file becomes one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from modules.core.errors import ConfigError
from modules.settings import (
    GateSettings,
    NetworkSettings,
    PreprocessingSettings,
    PretrainingSettings,
    Settings,
    TrainingSettings,
    TransferSettings,
    ValidationSettings,
)
from modules.settings.config_errors import explain_errors
from modules.settings.network import KERAS_APPLICATION, NO_WEIGHTS
from modules.sources.formats import FORMATS
from pipelines.beam.settings import BeamSettings
from pipelines.config_file import read_config_file
from pipelines.domain_config import DomainConfig, Name, PathText, SourceConfig, TargetConfig
from pipelines.kubeflow.settings import KubeflowSettings


class Config(Settings):
    """One scenario: everything that `warmstart run` needs to know.

    Attributes:
        name: Name of the scenario: letters, digits, `_` and `-`.
        source: The source domain, with plenty of labelled images; it may be left out where
            `pretraining.from` names a model.
        seed: Seed of every random choice.
        output: Folder for results; `runs/` and the scenario's name by default.
    """

    name: Name
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    source: SourceConfig | None = None
    target: TargetConfig
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    network: NetworkSettings = NetworkSettings()
    pretraining: PretrainingSettings = PretrainingSettings()
    transfer: TransferSettings = TransferSettings()
    validation: ValidationSettings = ValidationSettings()
    gate: GateSettings = GateSettings()
    training: TrainingSettings = TrainingSettings()
    beam: BeamSettings = BeamSettings()
    kubeflow: KubeflowSettings = KubeflowSettings()
    output: PathText | None = None

    @model_validator(mode="after")
    def _shares_batches_evenly(self) -> Config:
        workers = self.training.workers or 1
        sizes = {
            "pretraining.batch_size": self.pretraining.batch_size,
            "transfer.batch_size": self.transfer.batch_size,
            "transfer.source_batch_size": self.transfer.source_batch_size,
        }
        uneven = ", ".join(f"{key} {size}" for key, size in sizes.items() if size % workers)
        if uneven:
            raise ValueError(
                f"training.workers is {workers}, and each batch is shared evenly; found {uneven}. "
                f"Choose multiples of {workers}."
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _leaves_pixels_to_a_network_that_scales_them(cls, value: Any) -> Any:
        """Switches standardization off where it is not set and the network does without it."""
        if not isinstance(value, dict):
            return value
        network, preprocessing = value.get("network"), value.get("preprocessing", {})
        named = isinstance(network, dict) and network.get("name") == KERAS_APPLICATION
        if named and isinstance(preprocessing, dict):
            return {**value, "preprocessing": {"standardize": False, **preprocessing}}
        return value

    @model_validator(mode="after")
    def _hands_over_the_pixels_that_the_network_takes(self) -> Config:
        if self.network.takes_plain_pixels and self.preprocessing.standardize:
            raise ValueError(
                f"preprocessing.standardize is true, and network {self.network.name} scales pixels "
                "itself, as its weights need them. Leave the key out, or set it to false."
            )
        if self.network.takes_plain_pixels and self.pretraining.pixels not in (None, "unit"):
            raise ValueError(
                f"pretraining.pixels is {self.pretraining.pixels}, and network {self.network.name} "
                "scales pixels itself: it takes unit."
            )
        if self.pretraining.from_ is not None and self.network.weights != NO_WEIGHTS:
            raise ValueError(
                "network.weights is what a pretraining starts from, and pretraining.from stands "
                "for one that is done: give one of them."
            )
        return self

    @model_validator(mode="after")
    def _has_something_to_start_from(self) -> Config:
        if self.source is None and self.pretraining.from_ is None:
            raise ValueError(
                "source: missing; this key is required, unless pretraining.from names a model"
            )
        return self

    @property
    def domains(self) -> dict[str, DomainConfig]:
        """The domains that there are, by `source` and `target`."""
        found = {"source": self.source, "target": self.target}
        return {role: domain for role, domain in found.items() if domain is not None}

    @property
    def start_name(self) -> str:
        """What is carried over: the source's name, or that of the model's file."""
        if self.source is not None:
            return self.source.name
        return os.path.basename((self.pretraining.from_ or "").rstrip("/")) or "model"

    @property
    def target_classes(self) -> tuple[str, ...] | None:
        """Names of the target's classes in label order; None takes them from its data."""
        if self.target.classes or FORMATS.find(self.target.format).carries_class_names:
            return self.target.classes
        return self.source.classes if self.source else None

    @property
    def output_folder(self) -> Path:
        """Where a run writes unless the command line names another folder."""
        return Path(self.output or f"runs/{self.name}")

    def with_absolute_paths(self) -> Config:
        """Makes data paths independent of the folder that a later, cached run starts in."""
        keys = {"source": ("path", "schema_file"), "target": ("path",), "pretraining": ("from_",)}
        if self.network.weights_file:
            keys["network"] = ("weights",)
        return self.with_paths(
            {
                section: {
                    key: os.path.realpath(path)
                    for key in paths
                    if (path := getattr(getattr(self, section), key, None))
                }
                for section, paths in keys.items()
            }
        )

    def with_paths(self, paths: Mapping[str, Mapping[str, str]]) -> Config:
        """Replaces paths.

        Args:
            paths: By section, then by the name of its field.
        """
        sections = {name: getattr(self, name) for name in paths}
        return self.model_copy(
            update={
                name: section.model_copy(update=dict(paths[name]))
                for name, section in sections.items()
                if section is not None
            }
        )


def load_config(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Config:
    """Reads a configuration file and applies `key.path=value` overrides.

    Relative paths in the file are relative to the current folder, as on a command line.

    Args:
        path: A YAML file.
        overrides: Strings such as `target.shots=1`; the value is read as YAML.

    Returns:
        The validated configuration.

    Raises:
        ConfigError: The file or an override is not readable, or a key or value is refused; the
            message names the nearest valid key.
    """
    tree = read_config_file(Path(path), overrides)
    if "targets" in tree:
        raise ConfigError(
            f"{path}: expected a configuration of one 'target', found 'targets'. Choose one of "
            "them with --targets NAME, where the command has that option."
        )
    return validate_config(tree, path)


def validate_config(tree: Mapping[str, Any], path: str | os.PathLike[str]) -> Config:
    """Makes a configuration of plain values.

    Args:
        tree: The values by key.
        path: The file that they are from.

    Raises:
        ConfigError: A key or value is refused; the message names the nearest valid key.
    """
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        problems = explain_errors(error, Config)
        raise ConfigError(f"{path}: the configuration is not valid.\n{problems}") from None
