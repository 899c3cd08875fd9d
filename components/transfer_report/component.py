"""The TransferReport component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.experimental import simple_artifacts

from components.transfer_report import executor
from modules.report.sections.section import template_fingerprint
from modules.settings import GateSettings, PreprocessingSettings


class TransferReportSpec(ComponentSpec):
    """TransferReport component spec."""

    PARAMETERS = {
        executor.GATE_KEY: ExecutionParameter(type=str),
        executor.PREPROCESSING_KEY: ExecutionParameter(type=str),
        executor.METHOD_KEY: ExecutionParameter(type=str),
        executor.RESTORE_KEY: ExecutionParameter(type=str),
        executor.SOURCE_FINGERPRINT_KEY: ExecutionParameter(type=str),
        executor.TEMPLATE_FINGERPRINT_KEY: ExecutionParameter(type=str),
    }
    INPUTS = {
        executor.SOURCE_EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
        executor.TARGET_EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
        "source_anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies),
        "target_anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
        "pretrained_model": ChannelParameter(type=standard_artifacts.Model),
        "pretrain_model_run": ChannelParameter(type=standard_artifacts.ModelRun),
        "scratch_model": ChannelParameter(type=standard_artifacts.Model),
        "scratch_model_run": ChannelParameter(type=standard_artifacts.ModelRun),
        "warm_start_model": ChannelParameter(type=standard_artifacts.Model),
        "warm_start_model_run": ChannelParameter(type=standard_artifacts.ModelRun),
        "mapping_report": ChannelParameter(type=simple_artifacts.File),
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        executor.BLESSING_KEY: ChannelParameter(type=standard_artifacts.ModelBlessing),
    }
    OUTPUTS = {executor.REPORT_KEY: ChannelParameter(type=simple_artifacts.File)}


class TransferReport(base_component.BaseComponent):
    """Shows what the transfer was worth, and on what evidence.

    It judges nothing: every number is read from the other components' artifacts, only features,
    calibration and fingerprints are computed. A runner adds what it alone knows, such as the
    seconds of each component, with `modules.report.add_run_facts`.

    Component `outputs` contains:
     - `report`: Channel of type `simple_artifacts.File`: `report.html`, one self-contained file,
       and `projector/`, a run of TensorBoard whose projector shows the target's features before
       and after the transfer.

    Args:
        source_examples: The source's `standard_artifacts.Examples`.
        target_examples: The target's `standard_artifacts.Examples`.
        source_anomalies: `standard_artifacts.ExampleAnomalies` of the source's DomainValidator.
        target_anomalies: `standard_artifacts.ExampleAnomalies` of the target's.
        transform_graph: The `standard_artifacts.TransformGraph` of every arm.
        pretrained_model: `standard_artifacts.Model` trained on the source.
        pretrain_model_run: Its `standard_artifacts.ModelRun`.
        scratch_model: `standard_artifacts.Model` trained on the target alone.
        scratch_model_run: Its `standard_artifacts.ModelRun`.
        warm_start_model: `standard_artifacts.Model` that was judged.
        warm_start_model_run: Its `standard_artifacts.ModelRun`.
        mapping_report: `simple_artifacts.File` of the WarmStartTrainer.
        evaluation: `standard_artifacts.ModelEvaluation` of the TransferEvaluator.
        blessing: Its `standard_artifacts.ModelBlessing`.
        gate: What had to be shown.
        preprocessing: What was done to the images.
        method: Name of the transfer method.
        restore: Way of the warm start, `rebuild` or `graph`.
        source_fingerprint: Stands for the code that makes the report; another one invalidates the
            cache. Templates and style sheet are covered without it.

    Example:
        ```
        TransferReport(
            source_examples=source_example_gen.outputs["examples"],
            target_examples=target_example_gen.outputs["examples"],
            source_anomalies=source_validator.outputs["anomalies"],
            target_anomalies=target_validator.outputs["anomalies"],
            transform_graph=transform.outputs["transform_graph"],
            pretrained_model=pretrainer.outputs["model"],
            pretrain_model_run=pretrainer.outputs["model_run"],
            scratch_model=scratch_trainer.outputs["model"],
            scratch_model_run=scratch_trainer.outputs["model_run"],
            warm_start_model=warm_start_trainer.outputs["model"],
            warm_start_model_run=warm_start_trainer.outputs["model_run"],
            mapping_report=warm_start_trainer.outputs["mapping_report"],
            evaluation=evaluator.outputs["evaluation"],
            blessing=evaluator.outputs["blessing"],
            gate=GateSettings(),
            preprocessing=PreprocessingSettings(),
            method="joint",
            restore="rebuild",
            source_fingerprint="1",
        )
        ```
    """

    SPEC_CLASS = TransferReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        source_examples: types.BaseChannel,
        target_examples: types.BaseChannel,
        source_anomalies: types.BaseChannel,
        target_anomalies: types.BaseChannel,
        transform_graph: types.BaseChannel,
        pretrained_model: types.BaseChannel,
        pretrain_model_run: types.BaseChannel,
        scratch_model: types.BaseChannel,
        scratch_model_run: types.BaseChannel,
        warm_start_model: types.BaseChannel,
        warm_start_model_run: types.BaseChannel,
        mapping_report: types.BaseChannel,
        evaluation: types.BaseChannel,
        blessing: types.BaseChannel,
        gate: GateSettings,
        preprocessing: PreprocessingSettings,
        method: str,
        restore: str,
        source_fingerprint: str,
    ) -> None:
        super().__init__(
            TransferReportSpec(
                source_examples=source_examples,
                target_examples=target_examples,
                source_anomalies=source_anomalies,
                target_anomalies=target_anomalies,
                transform_graph=transform_graph,
                pretrained_model=pretrained_model,
                pretrain_model_run=pretrain_model_run,
                scratch_model=scratch_model,
                scratch_model_run=scratch_model_run,
                warm_start_model=warm_start_model,
                warm_start_model_run=warm_start_model_run,
                mapping_report=mapping_report,
                evaluation=evaluation,
                blessing=blessing,
                gate=gate.model_dump_json(),
                preprocessing=preprocessing.model_dump_json(),
                method=method,
                restore=restore,
                source_fingerprint=source_fingerprint,
                template_fingerprint=template_fingerprint(),
                report=types.Channel(type=simple_artifacts.File),
            )
        )
