"""Executor of TransferReport."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT
from modules.report.evidence.lineage import (
    KINSHIPS,
    ArtifactFact,
    content_fingerprint,
    weights_fingerprint,
)
from modules.settings import GateSettings, PreprocessingSettings

TARGET_EXAMPLES_KEY = "target_examples"
SOURCE_EXAMPLES_KEY = "source_examples"
BLESSING_KEY = "blessing"
REPORT_KEY = "report"
GATE_KEY = "gate"
PREPROCESSING_KEY = "preprocessing"
METHOD_KEY = "method"
RESTORE_KEY = "restore"
SOURCE_FINGERPRINT_KEY = "source_fingerprint"
TEMPLATE_FINGERPRINT_KEY = "template_fingerprint"

REPORT_FILE = "report.html"

_LARGEST_REPORT = 5_000_000
_INPUT_FINGERPRINT = "input_fingerprint"  # set by every file based ExampleGen

_Artifacts = Mapping[str, list[types.Artifact]]


class Executor(base_executor.BaseExecutor):
    """Reads every artifact first, then writes the report last."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the projector's files and the report.

        Args:
            input_dict: The artifacts that `modules.report.evidence.lineage.KINSHIPS` names.
            output_dict: `report`, the artifact to fill.
            exec_properties: `gate` and `preprocessing` (JSON), `method` and `restore` of the
                component.

        Raises:
            DataError: An input is not what this pipeline writes; nothing is written then.
        """
        # With matplotlib and scikit-learn these take seconds, which a pipeline that is only
        # compiled, or finds its report in the cache, need not wait for.
        from modules.report.document import build_report
        from modules.report.evidence.projected_examples import read_projected_examples
        from modules.report.evidence.projector import PROJECTOR_FOLDER, write_projector
        from modules.report.inputs import ReportSettings, read_report_data

        self._log_startup(input_dict, output_dict, exec_properties)
        data = read_report_data(
            [_fact(input_dict, key) for key in KINSHIPS],
            source_files=[_eval_pattern(input_dict, SOURCE_EXAMPLES_KEY)],
            target_files=[_eval_pattern(input_dict, TARGET_EXAMPLES_KEY)],
            blessed_model_id=_blessed_model_id(input_dict),
            settings=ReportSettings(
                gate=GateSettings.model_validate_json(exec_properties[GATE_KEY]),
                preprocessing=PreprocessingSettings.model_validate_json(
                    exec_properties[PREPROCESSING_KEY]
                ),
                method=exec_properties[METHOD_KEY],
                restore=exec_properties[RESTORE_KEY],
            ),
        )
        projected = read_projected_examples(
            [_eval_pattern(input_dict, TARGET_EXAMPLES_KEY)],
            *(
                artifact_utils.get_single_uri(list(input_dict[key]))
                for key in ("evaluation", "pretrained_model", "warm_start_model")
            ),
        )
        html = build_report(data)
        folder = artifact_utils.get_single_uri(output_dict[REPORT_KEY])
        path = os.path.join(folder, REPORT_FILE)
        size = len(html.encode())
        if size > _LARGEST_REPORT:
            raise DataError(
                path,
                expected=f"a report of at most {_LARGEST_REPORT:,} bytes",
                found=f"{size:,}",
                fix="Shorten the names of the classes.",
            )
        write_projector(
            projected,
            data.evaluation["target"]["classes"],
            os.path.join(folder, PROJECTOR_FOLDER),
        )
        io_utils.write_string_file(path, html)


def _fact(input_dict: _Artifacts, key: str) -> ArtifactFact:
    artifact = artifact_utils.get_single_instance(list(input_dict[key]))
    return ArtifactFact(
        key=key,
        uri=artifact.uri,
        type_name=artifact.type_name,
        id=artifact.id,
        fingerprint=_fingerprint(artifact),
    )


def _fingerprint(artifact: types.Artifact) -> str:
    """Names an artifact's content; that of Examples by the files they were read from."""
    if artifact.type_name == "Model":
        return weights_fingerprint(artifact.uri)
    if artifact.has_custom_property(_INPUT_FINGERPRINT):
        return artifact.get_string_custom_property(_INPUT_FINGERPRINT)
    return content_fingerprint(artifact.uri)


def _blessed_model_id(input_dict: _Artifacts) -> int:
    blessing = artifact_utils.get_single_instance(list(input_dict[BLESSING_KEY]))
    return blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY)


def _eval_pattern(input_dict: _Artifacts, key: str) -> str:
    folder = artifact_utils.get_split_uri(list(input_dict[key]), EVAL_SPLIT)
    return io_utils.all_files_pattern(folder)
