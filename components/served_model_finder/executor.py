"""Executor of ServedModelFinder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from absl import logging
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, path_utils

from modules.core.arms import ARMS
from modules.models.artifact import saved_model_dir
from modules.models.served_version import ServedVersion, find_served_version

CANDIDATE_KEYS = {arm: f"{arm}_model" for arm in ARMS}
SERVING_DIRECTORY_KEY = "serving_directory"


class Executor(base_executor.BaseExecutor):
    """Copies the served version; `served.json` is written last."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Finds the version and copies it, unless it is damaged."""
        self._log_startup(input_dict, output_dict, exec_properties)
        served, path = look_for_served(input_dict, exec_properties)
        uri = artifact_utils.get_single_uri(output_dict[standard_component_specs.MODEL_KEY])
        if path and not served.problem:
            io_utils.copy_dir(path, saved_model_dir(uri))
        served.write(uri)
        logging.info("Served now: %s.", served)


def look_for_served(
    input_dict: Mapping[str, list[types.Artifact]], exec_properties: Mapping[str, Any]
) -> tuple[ServedVersion, str | None]:
    """Finds what is served, for an execution's inputs and parameters."""
    models = (
        artifact_utils.get_single_instance(input_dict[key]) for key in CANDIDATE_KEYS.values()
    )
    return find_served_version(
        exec_properties[SERVING_DIRECTORY_KEY],
        [
            path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
            for model in models
        ],
    )
