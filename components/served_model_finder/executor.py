"""Executor of ServedModelFinder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from absl import logging
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_artifacts, standard_component_specs
from tfx.utils import io_utils, path_utils

from modules.core.arms import ARMS
from modules.models.artifact import saved_model_dir
from modules.models.served_version import ServedVersion, find_served_version
from modules.settings.plans import TransferPlan
from modules.training.jobs import PLAN_KEY
from modules.transfer.served.preparation import prepare_served_start
from modules.transfer.served.run_identity import StartInputs, run_identity

SERVING_DIRECTORY_KEY = "serving_directory"
SOURCE_EXAMPLES_KEY = "source_examples"
CANDIDATE_KEYS = {arm: f"{arm}_model" for arm in ARMS}
# What a training that may start from what is served reads; the source's Examples may be missing.
START_INPUTS = {
    standard_component_specs.EXAMPLES_KEY: standard_artifacts.Examples,
    SOURCE_EXAMPLES_KEY: standard_artifacts.Examples,
    standard_component_specs.TRANSFORM_GRAPH_KEY: standard_artifacts.TransformGraph,
    standard_component_specs.BASE_MODEL_KEY: standard_artifacts.Model,
}


class Executor(base_executor.BaseExecutor):
    """Copies the served version and says whether to start from it; `served.json` comes last."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Finds the version and copies it, unless it is damaged."""
        self._log_startup(input_dict, output_dict, exec_properties)
        inputs = _start_inputs(input_dict, exec_properties)
        run = run_identity(inputs) if inputs else ""
        served, path = _find(input_dict, exec_properties, run)
        uri = artifact_utils.get_single_uri(output_dict[standard_component_specs.MODEL_KEY])
        if path and not served.problem:
            io_utils.copy_dir(path, saved_model_dir(uri))
        if inputs:
            prepare_served_start(inputs, run, served, uri).write(uri)
        served.write(uri)
        logging.info("Served now: %s.", served)


def look_for_served(
    input_dict: Mapping[str, list[types.Artifact]], exec_properties: Mapping[str, Any]
) -> tuple[ServedVersion, str | None]:
    """Finds what is served, for an execution's inputs and parameters."""
    inputs = _start_inputs(input_dict, exec_properties)
    return _find(input_dict, exec_properties, run_identity(inputs) if inputs else "")


def _find(
    input_dict: Mapping[str, list[types.Artifact]],
    exec_properties: Mapping[str, Any],
    run: str,
) -> tuple[ServedVersion, str | None]:
    models = [
        artifact_utils.get_single_instance(input_dict[key])
        for key in CANDIDATE_KEYS.values()
        if key in input_dict
    ]
    return find_served_version(
        exec_properties[SERVING_DIRECTORY_KEY],
        [
            path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
            for model in models
        ],
        run,
    )


def _start_inputs(
    input_dict: Mapping[str, list[types.Artifact]], exec_properties: Mapping[str, Any]
) -> StartInputs | None:
    plan = exec_properties.get(PLAN_KEY)
    if not plan:
        return None

    def uri(key: str) -> str:
        return artifact_utils.get_single_uri(input_dict[key])

    return StartInputs(
        plan=TransferPlan.model_validate_json(plan),
        examples=uri(standard_component_specs.EXAMPLES_KEY),
        source_examples=uri(SOURCE_EXAMPLES_KEY) if SOURCE_EXAMPLES_KEY in input_dict else None,
        transform_graph=uri(standard_component_specs.TRANSFORM_GRAPH_KEY),
        base_model=uri(standard_component_specs.BASE_MODEL_KEY),
    )
