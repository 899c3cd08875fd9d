"""What travels from ImageExampleGen to its driver and executor, as TFX packs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2
from tfx.components.example_gen import utils
from tfx.proto import example_gen_pb2
from tfx.types import standard_component_specs
from tfx.utils import proto_utils

from modules.settings.image_source import ImageSourceSettings

_SETTINGS_KEY = "settings"
_SOURCE_FINGERPRINT_KEY = "source_fingerprint"


def pack_settings(
    settings: ImageSourceSettings, source_fingerprint: str
) -> example_gen_pb2.CustomConfig:
    """Packs settings, and the fingerprint of the code, into what an ExampleGen takes."""
    fields = struct_pb2.Struct()
    fields.update(
        {
            _SETTINGS_KEY: settings.model_dump_json(),
            _SOURCE_FINGERPRINT_KEY: source_fingerprint,
        }
    )
    custom_config = example_gen_pb2.CustomConfig()
    custom_config.custom_config.Pack(fields)
    return custom_config


def unpack_settings(exec_properties: Mapping[str, Any]) -> tuple[ImageSourceSettings, str]:
    """Returns the settings, and the fingerprint of the code."""
    custom_config = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(
        exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], custom_config
    )
    fields = struct_pb2.Struct()
    custom_config.custom_config.Unpack(fields)
    settings = ImageSourceSettings.model_validate_json(str(fields[_SETTINGS_KEY]))
    return settings, str(fields[_SOURCE_FINGERPRINT_KEY])


def unpack_splits(exec_properties: Mapping[str, Any]) -> list[str]:
    """Returns the names of the splits."""
    input_config = example_gen_pb2.Input()
    proto_utils.json_to_proto(
        exec_properties[standard_component_specs.INPUT_CONFIG_KEY], input_config
    )
    names: list[str] = utils.generate_output_split_names(input_config, example_gen_pb2.Output())
    return names
