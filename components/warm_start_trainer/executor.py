"""Executor of WarmStartTrainer."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_component_specs

from modules.settings.plans import TransferPlan
from modules.training.jobs import PLAN_KEY, WarmStartJob
from modules.transfer.warm_start import run_warm_start

SOURCE_EXAMPLES_KEY = "source_examples"
SERVED_MODEL_KEY = "served_model"
MAPPING_REPORT_KEY = "mapping_report"
PRETRAINED_ARM_KEY = "pretrained_arm"


class Executor(base_executor.BaseExecutor):
    """Hands artifacts and plan to `modules.transfer.warm_start`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Restores, proves, trains and saves.

        Raises:
            ConfigError: Method, shots and classes do not fit each other.
            DataError: An input cannot be read.
            TrainingError: The loss is not finite, or a worker was lost.
            WarmStartMappingError: Checkpoint and network differ more than was announced.
        """
        self._log_startup(input_dict, output_dict, exec_properties)

        def uri(artifacts: dict[str, list[types.Artifact]], key: str) -> str:
            return artifact_utils.get_single_uri(artifacts[key])

        run_warm_start(
            WarmStartJob(
                plan=TransferPlan.model_validate_json(exec_properties[PLAN_KEY]),
                examples=uri(input_dict, standard_component_specs.EXAMPLES_KEY),
                source_examples=uri(input_dict, SOURCE_EXAMPLES_KEY)
                if SOURCE_EXAMPLES_KEY in input_dict
                else None,
                transform_graph=uri(input_dict, standard_component_specs.TRANSFORM_GRAPH_KEY),
                base_model=uri(input_dict, standard_component_specs.BASE_MODEL_KEY),
                served_model=uri(input_dict, SERVED_MODEL_KEY)
                if SERVED_MODEL_KEY in input_dict
                else None,
                model=uri(output_dict, standard_component_specs.MODEL_KEY),
                model_run=uri(output_dict, standard_component_specs.MODEL_RUN_KEY),
                mapping_report=uri(output_dict, MAPPING_REPORT_KEY),
                pretrained_arm=uri(output_dict, PRETRAINED_ARM_KEY),
            )
        )
