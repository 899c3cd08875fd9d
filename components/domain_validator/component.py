"""The DomainValidator component."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.domain_validator import executor
from modules.settings import ValidationSettings


class DomainValidatorSpec(ComponentSpec):
    """DomainValidator component spec."""

    PARAMETERS = {
        executor.VALIDATION_KEY: ExecutionParameter(type=str),
        executor.ROLE_KEY: ExecutionParameter(type=str),
        executor.CLASS_MAP_KEY: ExecutionParameter(type=str),
        "source_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        standard_component_specs.STATISTICS_KEY: ChannelParameter(
            type=standard_artifacts.ExampleStatistics
        ),
        standard_component_specs.SCHEMA_KEY: ChannelParameter(type=standard_artifacts.Schema),
        standard_component_specs.EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
        executor.SOURCE_STATISTICS_KEY: ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
        executor.SOURCE_EXAMPLES_KEY: ChannelParameter(
            type=standard_artifacts.Examples, optional=True
        ),
        executor.BASE_MODEL_KEY: ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS = {
        standard_component_specs.ANOMALIES_KEY: ChannelParameter(
            type=standard_artifacts.ExampleAnomalies
        ),
    }


class DomainValidator(base_component.BaseComponent):
    """Stops the run if a domain's data break the schema or do not fit the source.

    TFX's ExampleValidator only reports. This component fails on unknown labels, missing features,
    wrong types, shapes and ranges, empty splits, classes with too few examples, classes mapped to
    none of the source's, and more skew of labels or images than allowed. Either way it keeps its
    report: in the artifact, or in the folder that the error names.

    Component `outputs` contains:
     - `anomalies`: Channel of type `standard_artifacts.ExampleAnomalies`, as ExampleValidator
       writes it (`Split-<name>/SchemaDiff.pb`), with `validation.json`: findings, notes, examples
       of each class and, for a target, its label and covariate shift against the source.

    Args:
        statistics: The domain's statistics, a channel of `standard_artifacts.ExampleStatistics`,
            computed with `modules.domains.statistics.statistics_options()`.
        schema: The pipeline's `standard_artifacts.Schema`.
        examples: The domain's `standard_artifacts.Examples`, for their class names.
        validation: What is allowed.
        role: `source` or `target`, for the messages.
        source_fingerprint: Fingerprint of the code. A new value invalidates the cache.
        source_statistics: The source's statistics, for a target.
        source_examples: The source's Examples, for a target.
        base_model: The model that is started from, for a target without a source. What it records
            about its training takes the source's place.
        class_map: For a target, source classes by the names that its data give them.

    Raises:
        ValueError: Only one of the source's channels is given, or a model beside them.

    Example:
        ```
        DomainValidator(
            statistics=target_statistics_gen.outputs["statistics"],
            schema=schema_gen.outputs["schema"],
            examples=target_example_gen.outputs["examples"],
            source_statistics=source_statistics_gen.outputs["statistics"],
            source_examples=source_example_gen.outputs["examples"],
            validation=ValidationSettings(max_label_skew=0.2),
            role="target",
            source_fingerprint="1",
        )
        ```
    """

    SPEC_CLASS = DomainValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        examples: types.BaseChannel,
        validation: ValidationSettings,
        role: Literal["source", "target"],
        source_fingerprint: str,
        source_statistics: types.BaseChannel | None = None,
        source_examples: types.BaseChannel | None = None,
        base_model: types.BaseChannel | None = None,
        class_map: Mapping[str, str] | None = None,
    ) -> None:
        if (source_statistics is None) != (source_examples is None):
            raise ValueError("Give both source_statistics and source_examples, or neither.")
        if base_model is not None and source_examples is not None:
            raise ValueError("Give the source's channels or base_model.")
        super().__init__(
            DomainValidatorSpec(
                statistics=statistics,
                schema=schema,
                examples=examples,
                source_statistics=source_statistics,
                source_examples=source_examples,
                base_model=base_model,
                validation=validation.model_dump_json(),
                role=role,
                class_map=json.dumps(class_map or {}, ensure_ascii=False),
                source_fingerprint=source_fingerprint,
                anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
            )
        )
