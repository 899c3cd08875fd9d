"""The nodes that ingest, describe and validate a domain's data."""

from __future__ import annotations

from typing import NamedTuple

from tfx.components.statistics_gen.component import StatisticsGen
from tfx.types import BaseChannel

from components.domain_validator.component import DomainValidator
from components.image_example_gen.component import ImageExampleGen
from components.image_schema_gen.component import ImageSchemaGen
from modules.domains.statistics import statistics_options
from modules.settings.image_source import SpanSettings
from pipelines.config import Config
from pipelines.domain_config import DomainConfig, TargetConfig
from pipelines.fingerprint import component_fingerprint, source_fingerprint
from pipelines.plugins.references import format_plugin


class DomainData(NamedTuple):
    """A domain's data, ingested."""

    examples: ImageExampleGen
    statistics: StatisticsGen


def ingest(
    role: str,
    config: Config,
    domain: DomainConfig,
    classes: tuple[str, ...] | None,
    spans_directory: str | None = None,
) -> DomainData:
    """Reads a domain's images, and computes their statistics.

    Args:
        role: `Source` or `Target`.
        config: The scenario.
        domain: Which of its domains.
        classes: Class names in label order; None takes them from the data.
        spans_directory: Keeps what was read of each span; None reads all of them each time.
    """
    examples = ImageExampleGen(
        input_base=domain.folder,
        domain=domain.name,
        format=domain.format,
        classes=classes,
        class_map=domain.class_map if isinstance(domain, TargetConfig) else None,
        label_offset=domain.label_offset,
        eval_draw=domain.eval_draw,
        group=domain.group,
        validation=config.validation,
        source_fingerprint=component_fingerprint(
            "components.image_example_gen.executor", format_plugin(domain)
        ),
        options=domain.options,
        spans=_span_settings(domain, spans_directory),
    ).with_id(f"{role}ExampleGen")
    statistics = StatisticsGen(
        examples=examples.outputs["examples"], stats_options=statistics_options()
    ).with_id(f"{role}StatisticsGen")
    return DomainData(examples, statistics)


def _span_settings(domain: DomainConfig, directory: str | None) -> SpanSettings | None:
    if not isinstance(domain, TargetConfig) or domain.span_pattern is None:
        return None
    store = directory and f"{directory}/{domain.name}"
    return SpanSettings(pattern=domain.span_pattern.rest, trained=domain.spans, store=store)


def image_schema(data: DomainData, schema_file: str | None = None) -> ImageSchemaGen:
    """Infers the schema, or takes a pinned one."""
    return ImageSchemaGen(
        statistics=data.statistics.outputs["statistics"],
        examples=data.examples.outputs["examples"],
        schema_file=schema_file,
        source_fingerprint=source_fingerprint("components.image_schema_gen.executor"),
    )


def validate_source(config: Config, data: DomainData, schema: ImageSchemaGen) -> DomainValidator:
    """Stops the run on a bad source."""
    return DomainValidator(
        statistics=data.statistics.outputs["statistics"],
        schema=schema.outputs["schema"],
        examples=data.examples.outputs["examples"],
        validation=config.validation,
        role="source",
        source_fingerprint=source_fingerprint("components.domain_validator.executor"),
    ).with_id("SourceValidator")


def validate_target(
    config: Config,
    data: DomainData,
    schema: ImageSchemaGen,
    source: DomainData | None,
    model: BaseChannel,
) -> DomainValidator:
    """Holds the target against the source; without one, against what is known of the model."""
    compared = {"base_model": model}
    if source:
        compared = {
            "source_statistics": source.statistics.outputs["statistics"],
            "source_examples": source.examples.outputs["examples"],
        }
    return DomainValidator(
        statistics=data.statistics.outputs["statistics"],
        schema=schema.outputs["schema"],
        examples=data.examples.outputs["examples"],
        validation=config.validation,
        role="target",
        class_map=config.target.class_map,
        source_fingerprint=source_fingerprint("components.domain_validator.executor"),
        **compared,
    ).with_id("TargetValidator")
