"""The ImageSchemaGen component."""

from __future__ import annotations

import hashlib

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.dsl.io import fileio
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.image_schema_gen import executor
from modules.core.errors import ConfigError


class ImageSchemaGenSpec(ComponentSpec):
    """ImageSchemaGen component spec."""

    PARAMETERS = {
        executor.SCHEMA_FILE_KEY: ExecutionParameter(type=str, optional=True),
        executor.SCHEMA_FINGERPRINT_KEY: ExecutionParameter(type=str, optional=True),
        "source_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        standard_component_specs.STATISTICS_KEY: ChannelParameter(
            type=standard_artifacts.ExampleStatistics
        ),
        standard_component_specs.EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
    }
    OUTPUTS = {
        standard_component_specs.SCHEMA_KEY: ChannelParameter(type=standard_artifacts.Schema),
    }


class ImageSchemaGen(base_component.BaseComponent):
    """Infers and curates the schema of image Examples from the source, or takes a pinned one.

    The curated schema demands each feature of `modules.core.example_features` once in each
    example, labels in [0, K), and sides and channels within bounds. It holds no vocabulary that
    only the source has.

    Component `outputs` contains:
     - `schema`: Channel of type `standard_artifacts.Schema`, with `schema.pbtxt`.

    Args:
        statistics: The source's statistics, a channel of `standard_artifacts.ExampleStatistics`.
        examples: The source's Examples, for their class names.
        source_fingerprint: Fingerprint of the code. A new value invalidates the cache.
        schema_file: A pinned schema (text proto), used unchanged if it covers the features; None
            infers the schema. Its content enters the cache key too.

    Raises:
        ConfigError: There is no `schema_file` at that path.

    Example:
        ```
        schema = ImageSchemaGen(
            statistics=statistics_gen.outputs["statistics"],
            examples=example_gen.outputs["examples"],
            source_fingerprint="1",
        ).outputs["schema"]
        ```
    """

    SPEC_CLASS = ImageSchemaGenSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        statistics: types.BaseChannel,
        examples: types.BaseChannel,
        source_fingerprint: str,
        schema_file: str | None = None,
    ) -> None:
        super().__init__(
            ImageSchemaGenSpec(
                statistics=statistics,
                examples=examples,
                schema_file=schema_file,
                schema_fingerprint=None if schema_file is None else _fingerprint(schema_file),
                source_fingerprint=source_fingerprint,
                schema=types.Channel(type=standard_artifacts.Schema),
            )
        )


def _fingerprint(path: str) -> str:
    if not fileio.exists(path) or fileio.isdir(path):
        raise ConfigError(
            f"{path}: there is no such file for the pinned schema. Correct source.schema_file, or "
            "leave it out to infer the schema."
        )
    with fileio.open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
