"""Looks at the model that a configuration starts from, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from modules.core.errors import ConfigError, WarmstartError, one_line
from modules.core.wording import count, listed
from modules.domains.description import DomainDescription, SplitDescription
from modules.models.imported.found import find_model_to_import
from modules.settings import SavedGraphSettings
from modules.settings.plans import ImportPlan
from pipelines.checking.lines import ERROR, OK, WARNING, CheckLine
from pipelines.config import Config


class ModelSummary(NamedTuple):
    """What is known of a model.

    Attributes:
        text: In words.
        domain: What it was trained on, as a stand-in for the source.
        is_graph: Whether nothing but its graph is there, to which no class can be added.
    """

    text: str
    domain: DomainDescription
    is_graph: bool


def check_model(
    config: Config, source_names: Sequence[str] | None
) -> tuple[ModelSummary | None, CheckLine]:
    """Checks the model that a configuration starts from.

    Args:
        config: The scenario.
        source_names: Classes of the source's data, where there is a source.

    Returns:
        What is known of it, if anything is, and the outcome.
    """
    path = config.pretraining.from_ or ""
    if "://" in path:
        return None, CheckLine(WARNING, f"model {path}: only a compiled pipeline can look at it")
    try:
        check_model_path(config)
        summary = summarize_model(config, source_names)
    except WarmstartError as error:
        return None, CheckLine(ERROR, one_line(error))
    return summary, CheckLine(OK, f"model {path}: {summary.text}")


def check_model_path(config: Config) -> None:
    """Raises a ConfigError where nothing that can be imported lies at `pretraining.from`.

    It looks at names alone, so that a run is refused before anything heavy is imported.
    """
    path = config.pretraining.from_
    if path is None:
        return
    if "://" in path:
        raise ConfigError(
            f"pretraining.from: expected a path on this machine's disks, found {path}. Copy the "
            "model here; a compiled pipeline reads it from where it is."
        )
    try:
        find_model_to_import(path)
    except WarmstartError as error:
        raise ConfigError(f"pretraining.from: {error}") from None


def summarize_model(config: Config, source_names: Sequence[str] | None = None) -> ModelSummary:
    """Reads the model and holds it against the configuration.

    Args:
        config: The scenario.
        source_names: Classes of the source's data, where there is a source.

    Raises:
        ConfigError: The settings do not fit the model.
        DataError: The model cannot be read, or is none that can be trained further.
    """
    # Slow to import: TensorFlow.
    from modules.models.imported.importing import class_names, read_original
    from modules.models.training_domain import TRAIN_COUNTS

    imported = config.pretraining.imported
    if imported is None or imported.from_ is None:
        raise ConfigError("pretraining.from: names no model.")
    plan = ImportPlan(imported=imported, network=config.network, seed=config.seed)
    original = read_original(plan, imported.from_, source_names)
    names = class_names(plan, original, imported.from_, source_names)
    size, _, channels = original.network.image_shape
    features, classes = original.network.feature_dim, count(len(names), "class", "classes")
    text = (
        f"{original.kind.value}, {size}x{size} pixels, {count(channels, 'channel')}, "
        f"{count(features, 'feature')}, {classes}: {listed(list(names))}"
    )
    splits = {}
    if counts := original.facts.get(TRAIN_COUNTS):
        splits["train"] = SplitDescription(sum(counts), dict(enumerate(counts)), True, {})
    domain = DomainDescription("the model's training data", names, splits)
    return ModelSummary(text, domain, isinstance(original.settings, SavedGraphSettings))
