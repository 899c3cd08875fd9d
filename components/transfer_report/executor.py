"""Executor of TransferReport."""

from __future__ import annotations

import json
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
from modules.report.contract import REPORT_INPUTS, ReportSettings
from modules.report.evidence.lineage import (
    ArtifactFact,
    content_fingerprint,
    weights_fingerprint,
)
from modules.transfer.labels import LABEL_AUDIT_FILE

REPORT_KEY = "report"
SETTINGS_KEY = "settings"

REPORT_FILE = "report.html"

_LARGEST_REPORT = 5_000_000
_INPUT_FINGERPRINT = "input_fingerprint"  # set by every file-based ExampleGen

_Artifacts = Mapping[str, list[types.Artifact]]


class Executor(base_executor.BaseExecutor):
    """Reads every artifact first and writes the report last."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the projector's files and the report.

        Raises:
            DataError: This pipeline did not write an input. Nothing is written then.
        """
        # matplotlib and scikit-learn take seconds to import. A pipeline that is only compiled, or
        # finds its report in the cache, need not wait for them.
        from modules.report.document import build_report
        from modules.report.evidence.projector import PROJECTOR_FOLDER, write_projector
        from modules.report.inputs import read_report_data

        self._log_startup(input_dict, output_dict, exec_properties)
        data = read_report_data(
            [_fact(input_dict, key) for key in REPORT_INPUTS if key in input_dict],
            source_files=[_eval_pattern(input_dict, "source_examples")]
            if "source_examples" in input_dict
            else [],
            target_files=[_eval_pattern(input_dict, "target_examples")],
            blessed_model_id=_single(input_dict, "blessing").get_int_custom_property(
                constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY
            ),
            settings=ReportSettings.model_validate_json(exec_properties[SETTINGS_KEY]),
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
            data.projected,
            data.evaluation["target"]["classes"],
            os.path.join(folder, PROJECTOR_FOLDER),
        )
        io_utils.write_string_file(
            os.path.join(folder, LABEL_AUDIT_FILE),
            json.dumps([audit.as_json() for audit in data.label_audit], ensure_ascii=False),
        )
        io_utils.write_string_file(path, html)


def _single(input_dict: _Artifacts, key: str) -> types.Artifact:
    return artifact_utils.get_single_instance(list(input_dict[key]))


def _fact(input_dict: _Artifacts, key: str) -> ArtifactFact:
    artifact = _single(input_dict, key)
    return ArtifactFact(
        key=key,
        uri=artifact.uri,
        type_name=artifact.type_name,
        id=artifact.id,
        fingerprint=_fingerprint(artifact),
    )


def _fingerprint(artifact: types.Artifact) -> str:
    """Identifies an artifact's content; Examples by the files they were read from."""
    if artifact.type_name == "Model":
        return weights_fingerprint(artifact.uri)
    if artifact.has_custom_property(_INPUT_FINGERPRINT):
        return artifact.get_string_custom_property(_INPUT_FINGERPRINT)
    return content_fingerprint(artifact.uri)


def _eval_pattern(input_dict: _Artifacts, key: str) -> str:
    folder = artifact_utils.get_split_uri(list(input_dict[key]), EVAL_SPLIT)
    return io_utils.all_files_pattern(folder)
