"""Driver of ImageExampleGen: decides whether the input files have changed."""

from __future__ import annotations

from collections.abc import Iterable

from tfx.components.example_gen import driver, input_processor
from tfx.proto import example_gen_pb2, range_config_pb2

from modules.sources.files import fingerprint_folder


class Driver(driver.FileBasedDriver):
    """File based driver with a fingerprint of names, sizes and times.

    TFX's own fingerprint sums sizes and times only: it misses an image that is moved to another
    class, and what changes within a second.
    """

    def get_input_processor(
        self,
        splits: Iterable[example_gen_pb2.Input.Split],
        range_config: range_config_pb2.RangeConfig | None = None,
        input_base_uri: str | None = None,
    ) -> input_processor.InputProcessor:
        """Returns the processor of the component's input folder."""
        return _ImageFolderProcessor(input_base_uri, splits, range_config)


class _ImageFolderProcessor(input_processor.FileBasedInputProcessor):
    def get_input_fingerprint(self, span: int, version: int | None) -> str:
        return fingerprint_folder(self._input_base_uri)
