"""Checks names and options that only TensorFlow code knows, such as those of methods."""

from __future__ import annotations

from modules.core.errors import ConfigError, WarmstartError
from modules.settings import (
    NetworkSettings,
    OptimizerSettings,
    PreprocessingSettings,
    PretrainingSettings,
    TransferSettings,
)
from modules.settings.options import with_options
from modules.settings.transfer import AUTO
from pipelines.config import Config


def find_unknown_names(config: Config) -> list[WarmstartError]:
    """Looks up what is not the default, which exists: looking up imports TensorFlow, for seconds.

    Returns:
        An error for each name that does not exist, with the nearest one that does, and for options
        that a plug-in does not take.
    """
    network, transfer = config.network, config.transfer
    checks = []
    if config.gate.requirements:
        checks.append(_check_requirements)
    if config.preprocessing.augmentation != PreprocessingSettings().augmentation or (
        config.preprocessing.augmentation_options
    ):
        checks.append(_check_augmentation)
    if transfer.method != TransferSettings().method or transfer.options:
        checks.append(_check_method)
    if _has_keras_names(config.pretraining) or _has_keras_names(transfer):
        checks.append(_check_optimizers)
    if network.name != NetworkSettings().name or network.options or transfer.frozen_layers:
        checks.append(_check_network)
    errors = []
    for check in checks:
        try:
            check(config)
        except WarmstartError as error:
            errors.append(error)
    return errors


def refuse_unknown_names(config: Config) -> None:
    """Raises the first error that `find_unknown_names` finds."""
    for error in find_unknown_names(config):
        raise error


def _check_requirements(config: Config) -> None:
    from modules.evaluation.outside_requirements import REQUIREMENTS

    for number, requirement in enumerate(config.gate.requirements):
        key = f"gate.requirements.{number}.options"
        with_options(REQUIREMENTS, requirement.name, requirement.options, key)


def _check_augmentation(config: Config) -> None:
    from modules.images.augmentation_registry import find_augmentation

    find_augmentation(config.preprocessing)


def _check_method(config: Config) -> None:
    from modules.transfer.methods import TRANSFER_METHODS

    transfer = config.transfer
    if transfer.method != AUTO:
        with_options(TRANSFER_METHODS, transfer.method, transfer.options, "transfer.options")
    elif transfer.options:
        raise ConfigError(
            f"transfer.options: method 'auto' takes none, found {', '.join(transfer.options)}. "
            "Name the plug-in as transfer.method."
        )


def _has_keras_names(section: PretrainingSettings | TransferSettings) -> bool:
    return section.optimizer != OptimizerSettings() or not isinstance(section.schedule, str)


def _check_optimizers(config: Config) -> None:
    from modules.training.optimizers import build_optimizer

    for name, section in (("pretraining", config.pretraining), ("transfer", config.transfer)):
        try:
            build_optimizer(
                section.learning_rate, section.schedule, section.steps, section.optimizer
            )
        except ConfigError as error:
            raise ConfigError(f"{name}.{error}") from error


def _check_network(config: Config) -> None:
    from modules.networks.registry import build_network, freeze_layers

    # Building also loads the weights that the pretraining starts from.
    freeze_layers(build_network(config.network, num_classes=2), config.transfer.frozen_layers)
