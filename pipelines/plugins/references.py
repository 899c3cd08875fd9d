"""Which plug-ins a configuration names, by the components that run their code.

Each function gives references `package.module:object`; None stands for what is no plug-in.
"""

from __future__ import annotations

from modules.evaluation.outside_requirements import REQUIREMENTS
from modules.images.augmentation_registry import AUGMENTATIONS
from modules.networks.registry import NETWORKS
from modules.sources.formats import FORMATS
from modules.transfer.methods import TRANSFER_METHODS
from pipelines.config import Config
from pipelines.domain_config import DomainConfig


def format_plugin(domain: DomainConfig) -> str | None:
    """Returns what ingests a domain."""
    return FORMATS.plugin(domain.format)


def network_plugin(config: Config) -> str | None:
    """Returns what builds the network."""
    return NETWORKS.plugin(config.network.name)


def training_plugins(config: Config) -> list[str | None]:
    """Lists what every training runs."""
    augmentation = AUGMENTATIONS.plugin(config.preprocessing.augmentation)
    return [network_plugin(config), augmentation]


def method_plugin(method: str) -> str | None:
    """Returns what the warm start runs besides."""
    return TRANSFER_METHODS.plugin(method)


def gate_plugins(config: Config) -> list[str | None]:
    """Lists what the gate runs."""
    return [REQUIREMENTS.plugin(requirement.name) for requirement in config.gate.requirements]
