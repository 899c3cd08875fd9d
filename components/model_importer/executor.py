"""Executor of ModelImporter."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_component_specs

from modules.models.imported.importing import ImportJob, import_model
from modules.settings.plans import ImportPlan
from modules.training.jobs import PLAN_KEY

PATH_KEY = "path"
SOURCE_EXAMPLES_KEY = "source_examples"
GIVEN_TRANSFORM_GRAPH_KEY = "given_transform_graph"


class Executor(base_executor.BaseExecutor):
    """Hands artifacts and plan to `modules.models.imported`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads the model, writes it as this pipeline's, and proves that both answer alike.

        Raises:
            ConfigError: The settings do not fit the model.
            DataError: The model cannot be read, or is none that can be trained further.
        """
        self._log_startup(input_dict, output_dict, exec_properties)

        def uri(artifacts: dict[str, list[types.Artifact]], key: str) -> str:
            return artifact_utils.get_single_uri(artifacts[key])

        def optional_uri(key: str) -> str | None:
            return uri(input_dict, key) if key in input_dict else None

        import_model(
            ImportJob(
                plan=ImportPlan.model_validate_json(exec_properties[PLAN_KEY]),
                path=exec_properties[PATH_KEY],
                examples=uri(input_dict, standard_component_specs.EXAMPLES_KEY),
                source_examples=optional_uri(SOURCE_EXAMPLES_KEY),
                given_transform_graph=optional_uri(GIVEN_TRANSFORM_GRAPH_KEY),
                model=uri(output_dict, standard_component_specs.MODEL_KEY),
                transform_graph=uri(output_dict, standard_component_specs.TRANSFORM_GRAPH_KEY),
            )
        )
