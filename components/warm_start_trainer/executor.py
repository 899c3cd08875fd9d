"""Executor of WarmStartTrainer."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_component_specs

from modules.settings import (
    NetworkSettings,
    PreprocessingSettings,
    TrainingSettings,
    TransferSettings,
)
from modules.training.run_fn_arguments import parse_shots
from modules.transfer.warm_start import WarmStart

SOURCE_EXAMPLES_KEY = "source_examples"
MAPPING_REPORT_KEY = "mapping_report"
NETWORK_KEY = "network"
PREPROCESSING_KEY = "preprocessing"
TRAINING_KEY = "training"
TRANSFER_KEY = "transfer"
SHOTS_KEY = "shots"
SEED_KEY = "seed"
SOURCE_FINGERPRINT_KEY = "source_fingerprint"


class Executor(base_executor.BaseExecutor):
    """Hands artifacts and parameters to `modules.transfer.warm_start`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Restores, proves, trains and saves.

        Args:
            input_dict: `examples`, `source_examples`, `transform_graph` and `base_model`.
            output_dict: `model`, `model_run` and `mapping_report`, the artifacts to fill.
            exec_properties: `network`, `preprocessing`, `training` and `transfer` (JSON), `shots`,
                `seed` and `source_fingerprint` of the component.

        Raises:
            ConfigError: Method, shots and classes do not go together.
            DataError: An input cannot be read.
            TrainingError: The loss is not finite.
            WarmStartMappingError: Checkpoint and network differ more than was announced.
        """
        self._log_startup(input_dict, output_dict, exec_properties)

        def uri(artifacts: dict[str, list[types.Artifact]], key: str) -> str:
            return artifact_utils.get_single_uri(artifacts[key])

        warm_start = WarmStart(
            target_examples=uri(input_dict, standard_component_specs.EXAMPLES_KEY),
            source_examples=uri(input_dict, SOURCE_EXAMPLES_KEY),
            transform_graph=uri(input_dict, standard_component_specs.TRANSFORM_GRAPH_KEY),
            base_model=uri(input_dict, standard_component_specs.BASE_MODEL_KEY),
            network=NetworkSettings.model_validate_json(exec_properties[NETWORK_KEY]),
            preprocessing=PreprocessingSettings.model_validate_json(
                exec_properties[PREPROCESSING_KEY]
            ),
            training=TrainingSettings.model_validate_json(exec_properties[TRAINING_KEY]),
            transfer=TransferSettings.model_validate_json(exec_properties[TRANSFER_KEY]),
            shots=parse_shots(exec_properties[SHOTS_KEY]),
            seed=exec_properties[SEED_KEY],
            source_fingerprint=exec_properties[SOURCE_FINGERPRINT_KEY],
        )
        warm_start.run(
            model_uri=uri(output_dict, standard_component_specs.MODEL_KEY),
            model_run_uri=uri(output_dict, standard_component_specs.MODEL_RUN_KEY),
            mapping_report_uri=uri(output_dict, MAPPING_REPORT_KEY),
        )
