"""Driver of ImageExampleGen: decides whether the input files have changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfx.components.example_gen import driver, input_processor
from tfx.orchestration import data_types
from tfx.proto import example_gen_pb2, range_config_pb2

from components.image_example_gen.parameters import unpack_settings
from modules.sources.files import fingerprint_folder
from modules.sources.spans.finding import find_spans
from modules.sources.spans.pattern import SpanPattern


class Driver(driver.FileBasedDriver):
    """File based driver with a fingerprint of names, sizes and times.

    TFX's own fingerprint sums sizes and times only: it misses an image that is moved to another
    class, and what changes within a second. And TFX reads one span, where this reads all of them.
    """

    _span_pattern: str | None = None

    def resolve_exec_properties(
        self,
        exec_properties: dict[str, Any],
        pipeline_info: data_types.PipelineInfo,
        component_info: data_types.ComponentInfo,
    ) -> dict[str, Any]:
        """Adds the newest span, and the fingerprint."""
        settings, _ = unpack_settings(exec_properties)
        self._span_pattern = settings.spans.pattern if settings.spans else None
        resolved: dict[str, Any] = super().resolve_exec_properties(
            exec_properties, pipeline_info, component_info
        )
        return resolved

    def get_input_processor(
        self,
        splits: Iterable[example_gen_pb2.Input.Split],
        range_config: range_config_pb2.RangeConfig | None = None,
        input_base_uri: str | None = None,
    ) -> input_processor.InputProcessor:
        """Returns the processor of the component's input folder."""
        if self._span_pattern is not None:
            pattern = SpanPattern(input_base_uri or "", self._span_pattern)
            return _SpansProcessor(pattern, splits, range_config)
        return _ImageFolderProcessor(input_base_uri, splits, range_config)


class _ImageFolderProcessor(input_processor.FileBasedInputProcessor):
    def get_input_fingerprint(self, span: int, version: int | None) -> str:
        return fingerprint_folder(self._input_base_uri)


class _SpansProcessor(input_processor.FileBasedInputProcessor):
    def __init__(
        self,
        pattern: SpanPattern,
        splits: Iterable[example_gen_pb2.Input.Split],
        range_config: range_config_pb2.RangeConfig | None,
    ) -> None:
        super().__init__(pattern.base, splits, range_config)
        self._found = find_spans(pattern)

    def resolve_span_and_version(self) -> tuple[int, None]:
        return self._found.newest.number, None

    def get_input_fingerprint(self, span: int, version: int | None) -> str:
        return self._found.fingerprint
