"""Executor of ImageSchemaGen."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format
from tfx import types
from tfx.components.schema_gen.executor import DEFAULT_FILE_NAME
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils

from modules.core.class_names import read_class_names
from modules.domains.schema import infer_image_schema, read_pinned_schema

SCHEMA_FILE_KEY = standard_component_specs.SCHEMA_FILE_KEY
SCHEMA_FINGERPRINT_KEY = "schema_fingerprint"


class Executor(base_executor.BaseExecutor):
    """Writes the inferred and curated schema, or a copy of the pinned one."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes `schema.pbtxt` into the Schema artifact.

        Raises:
            DataError: The pinned schema does not cover the features, or is not readable.
            DomainValidationError: The source lacks a feature.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(
            input_dict[standard_component_specs.EXAMPLES_KEY]
        )
        num_classes = len(read_class_names(examples.uri))
        schema_file = exec_properties.get(SCHEMA_FILE_KEY)
        if schema_file:
            text = read_pinned_schema(schema_file, num_classes)
        else:
            statistics = artifact_utils.get_single_instance(
                input_dict[standard_component_specs.STATISTICS_KEY]
            )
            text = _inferred_schema(statistics, num_classes)
        uri = artifact_utils.get_single_uri(output_dict[standard_component_specs.SCHEMA_KEY])
        io_utils.write_string_file(os.path.join(uri, DEFAULT_FILE_NAME), text)


def _inferred_schema(statistics: types.Artifact, num_classes: int) -> str:
    splits = artifact_utils.decode_split_names(statistics.split_names)
    protos = [stats_artifact_utils.load_statistics(statistics, split).proto() for split in splits]
    return text_format.MessageToString(infer_image_schema(protos, num_classes))
