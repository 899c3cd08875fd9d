"""Checks names in a configuration that only TensorFlow code knows: methods, networks, layers."""

from __future__ import annotations

from modules.core.errors import WarmstartError
from modules.settings import NetworkSettings, TransferSettings
from pipelines.config import Config


def find_unknown_names(config: Config) -> list[WarmstartError]:
    """Looks up what is not the default, which exists: looking up imports TensorFlow, for seconds.

    Returns:
        An error for each name that does not exist, with the nearest one that does.
    """
    checks = []
    if config.transfer.method != TransferSettings().method:
        checks.append(_check_method)
    if config.network.name != NetworkSettings().name or config.transfer.frozen_layers:
        checks.append(_check_network)
    errors = []
    for check in checks:
        try:
            check(config)
        except WarmstartError as error:
            errors.append(error)
    return errors


def _check_method(config: Config) -> None:
    from modules.transfer.methods import TRANSFER_METHODS

    TRANSFER_METHODS.find(config.transfer.method)


def _check_network(config: Config) -> None:
    from modules.networks.registry import build_network, freeze_layers

    freeze_layers(build_network(config.network, num_classes=2), config.transfer.frozen_layers)
