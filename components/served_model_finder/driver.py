"""Driver of ServedModelFinder: puts what is served now into the cache key."""

from __future__ import annotations

import dataclasses
import json

from tfx.dsl.components.base import base_driver
from tfx.orchestration import metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2

from components.served_model_finder.executor import look_for_served

SERVED_KEY = "served"


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds a parameter that names the served version and its checksum.

    Like TFX's driver of ExampleGen it is both kinds of driver: components take the first, the
    launcher the second.
    """

    def __init__(self, metadata_handle: metadata.Metadata) -> None:
        base_driver.BaseDriver.__init__(self, metadata_handle)
        portable_base_driver.BaseDriver.__init__(self, metadata_handle)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Looks into the serving folder."""
        served, _ = look_for_served(execution_info.input_dict, execution_info.exec_properties)
        output = driver_output_pb2.DriverOutput()
        output.exec_properties[SERVED_KEY].string_value = json.dumps(dataclasses.asdict(served))
        return output
