"""What the TransferReport component takes: the run's artifacts and the settings that it names."""

from __future__ import annotations

from dataclasses import dataclass

from modules.settings import GateSettings, PreprocessingSettings, Settings


class ReportSettings(Settings):
    """The settings that the report names.

    Attributes:
        gate: What the warm start had to prove.
        preprocessing: How images were prepared.
        restore: How the warm start restores the model, `rebuild` or `graph`.
    """

    gate: GateSettings
    preprocessing: PreprocessingSettings
    restore: str


@dataclass(frozen=True)
class ReportInput:
    """An artifact of the pipeline.

    Attributes:
        made_by: The step that makes it.
        parents: Keys of the artifacts that it is made from, where the run has them.
        is_optional: Whether some runs have none: those that start from a model that is there.
    """

    artifact_type: str
    title: str
    made_by: str
    parents: tuple[str, ...] = ()
    is_optional: bool = False


_PRETRAINING = ("source_examples", "transform_graph")
_SCRATCH = ("target_examples", "transform_graph")
_TRANSFER = ("pretrained_model", "target_examples", "source_examples", "transform_graph")
_MODELS = ("pretrained_model", "scratch_model", "warm_start_model")
_EXAMPLES = ("target_examples", "source_examples")

# By the component's input names, which Kubeflow compiles in. Parents come before their children.
REPORT_INPUTS = {
    "source_examples": ReportInput("Examples", "Source examples", "ingestion", is_optional=True),
    "target_examples": ReportInput("Examples", "Target examples", "ingestion"),
    "source_anomalies": ReportInput(
        "ExampleAnomalies", "Source validation", "validation", ("source_examples",), True
    ),
    "target_anomalies": ReportInput(
        "ExampleAnomalies", "Target validation", "validation", _EXAMPLES
    ),
    "transform_graph": ReportInput(
        "TransformGraph", "Transform graph", "Transform", ("source_examples",)
    ),
    "pretrained_model": ReportInput("Model", "Pretrained model", "pretraining", _PRETRAINING),
    "pretrain_model_run": ReportInput(
        "ModelRun", "Pretraining's log", "pretraining", _PRETRAINING, True
    ),
    "scratch_model": ReportInput("Model", "Scratch model", "training from scratch", _SCRATCH),
    "scratch_model_run": ReportInput(
        "ModelRun", "Scratch training's log", "training from scratch", _SCRATCH
    ),
    "warm_start_model": ReportInput("Model", "Warm-start model", "transfer", _TRANSFER),
    "warm_start_model_run": ReportInput("ModelRun", "Transfer's log", "transfer", _TRANSFER),
    "mapping_report": ReportInput("File", "Mapping report", "transfer", ("pretrained_model",)),
    "evaluation": ReportInput(
        "ModelEvaluation", "Evaluation", "evaluation", (*_MODELS, *_EXAMPLES)
    ),
    "blessing": ReportInput(
        "ModelBlessing", "Blessing", "evaluation", ("evaluation", "warm_start_model")
    ),
}
