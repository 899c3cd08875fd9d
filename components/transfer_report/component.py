"""The TransferReport component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.experimental import simple_artifacts

from components.transfer_report import executor
from modules.core.hashing import hash_folders
from modules.report.contract import REPORT_INPUTS, ReportSettings
from modules.report.sections import section

_ARTIFACT_TYPES = {
    artifact.TYPE_NAME: artifact
    for artifact in (
        simple_artifacts.File,
        standard_artifacts.ExampleAnomalies,
        standard_artifacts.Examples,
        standard_artifacts.Model,
        standard_artifacts.ModelBlessing,
        standard_artifacts.ModelEvaluation,
        standard_artifacts.ModelRun,
        standard_artifacts.TransformGraph,
    )
}


class TransferReportSpec(ComponentSpec):
    """TransferReport component spec."""

    PARAMETERS = {
        executor.SETTINGS_KEY: ExecutionParameter(type=str),
        "source_fingerprint": ExecutionParameter(type=str),
        "template_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        key: ChannelParameter(
            type=_ARTIFACT_TYPES[report_input.artifact_type], optional=report_input.is_optional
        )
        for key, report_input in REPORT_INPUTS.items()
    }
    OUTPUTS = {executor.REPORT_KEY: ChannelParameter(type=simple_artifacts.File)}


class TransferReport(base_component.BaseComponent):
    """Shows what the transfer was worth, and on what evidence.

    It judges nothing. It reads every number from the other components' artifacts and computes only
    features, calibration and fingerprints. A runner adds what it alone knows, such as the seconds
    of each component, with `modules.report.add_run_facts`.

    Component `outputs` contains:
     - `report`: Channel of type `simple_artifacts.File`: `report.html`, one self-contained file,
       and `projector/`, a TensorBoard run whose projector shows the target's features before and
       after the transfer.

    Args:
        settings: The settings that the report names.
        source_fingerprint: Fingerprint of the code. A new value invalidates the cache. Templates
            and style sheet are fingerprinted separately.
        **inputs: A channel for each key of `modules.report.contract.REPORT_INPUTS`, of the type
            given there; optional ones may be left out.

    Raises:
        TypeError: An input is unknown.
        ValueError: An input is missing.
    """

    SPEC_CLASS = TransferReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self, *, settings: ReportSettings, source_fingerprint: str, **inputs: types.BaseChannel
    ) -> None:
        unknown = inputs.keys() - REPORT_INPUTS.keys()
        if unknown:
            raise TypeError(f"TransferReport has no input {sorted(unknown)}.")
        super().__init__(
            TransferReportSpec(
                **inputs,
                settings=settings.model_dump_json(),
                source_fingerprint=source_fingerprint,
                # The code's fingerprint does not cover templates and style sheet.
                template_fingerprint=hash_folders([str(section.TEMPLATES)])[:16],
                report=types.Channel(type=simple_artifacts.File),
            )
        )
