"""What the report shows, read from the run's artifacts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.core.errors import DataError, one_line
from modules.evaluation.evaluation_report import EVALUATION_FILE
from modules.examples.input_pipeline import NO_EXAMPLES, index_examples
from modules.models.mapping_report import MappingReport
from modules.report.contract import ReportSettings
from modules.report.evidence.drawn_examples import (
    ClassSamples,
    DrawnExamples,
    FeatureSample,
    HardExample,
    in_target_labels,
)
from modules.report.evidence.label_audit import (
    SplitAudit,
    audit_eval_labels,
    audit_train_labels,
)
from modules.report.evidence.learning_curves import Curve, read_curves
from modules.report.evidence.lineage import ArtifactFact
from modules.report.evidence.predictions import Predictions, read_predictions
from modules.report.evidence.projector import ProjectedExamples
from modules.training.jobs import train_split
from modules.training.record import TrainingRecord
from modules.transfer.transferability.estimates import (
    TRANSFERABILITY_FILE,
    Transferability,
    parse_transferability,
)


@dataclass(frozen=True)
class ReportData:
    """Everything that the report shows of a run.

    Attributes:
        hardest: Images of the hardest target examples, hardest first.
        features: Features of examples of both domains; None if too few classes have any.
        curves: Scalars by step, by tag, by arm.
        records: What each training did, by arm.
        source_validation: Content of the source's validation.json; None without a source.
        label_audit: Which of the target's labels look wrong, by split.
        blessed_model_id: Id of the model that the blessing names; 0 if it names none.
    """

    evaluation: Mapping[str, Any]
    predictions: Predictions
    samples: Sequence[ClassSamples]
    hardest: Sequence[HardExample]
    features: FeatureSample | None
    projected: ProjectedExamples
    curves: Mapping[str, Mapping[str, Curve]]
    records: Mapping[str, TrainingRecord]
    source_validation: Mapping[str, Any] | None
    target_validation: Mapping[str, Any]
    mapping: MappingReport
    transferability: Transferability
    lineage: Sequence[ArtifactFact]
    blessed_model_id: int
    settings: ReportSettings
    label_audit: Sequence[SplitAudit] = ()


def read_report_data(
    lineage: Sequence[ArtifactFact],
    *,
    source_files: Sequence[str],
    target_files: Sequence[str],
    blessed_model_id: int,
    settings: ReportSettings,
) -> ReportData:
    """Reads the artifacts of a run.

    Args:
        lineage: Every artifact of `modules.report.contract.REPORT_INPUTS` that the run has.
        source_files: Patterns of the files of the source's eval split; none without a source.
        target_files: Patterns of the files of the target's eval split.

    Raises:
        DataError: This pipeline did not write an artifact.
    """
    uris = {fact.key: fact.uri for fact in lineage}
    evaluation = _read(uris["evaluation"], EVALUATION_FILE)
    predictions = read_predictions(uris["evaluation"])
    drawn = DrawnExamples(
        evaluation,
        predictions,
        in_target_labels(
            index_examples(source_files) if source_files else NO_EXAMPLES,
            evaluation["source"]["classes"],
            evaluation["target"]["classes"],
        ),
        index_examples(target_files),
    )
    samples, hardest = drawn.pictures(uris["transform_graph"])
    models = uris["pretrained_model"], uris["warm_start_model"]
    keys = {
        PRETRAINED: "pretrain_model_run",
        SCRATCH: "scratch_model_run",
        WARM_START: "warm_start_model_run",
    }
    projected = drawn.projected(*models)
    class_names = evaluation["target"]["classes"]
    audits = [
        audit_train_labels(
            index_examples([f"{train_split(uris['target_examples'])}/*"]), models[0], class_names
        ),
        audit_eval_labels(
            projected, predictions, evaluation["arms"][PRETRAINED]["kind"], class_names
        ),
    ]
    # An imported model has no log of its training.
    runs = {arm: uris[key] for arm, key in keys.items() if key in uris}
    return ReportData(
        evaluation=evaluation,
        predictions=predictions,
        samples=samples,
        hardest=hardest,
        features=drawn.features(*models),
        projected=projected,
        curves={arm: read_curves(run) for arm, run in runs.items()},
        records={arm: TrainingRecord.read(run) for arm, run in runs.items()},
        source_validation=_read(uris["source_anomalies"], "validation.json")
        if "source_anomalies" in uris
        else None,
        target_validation=_read(uris["target_anomalies"], "validation.json"),
        mapping=_read(uris["mapping_report"], "mapping_report.json", MappingReport.from_json),
        transferability=parse_transferability(_read(uris["mapping_report"], TRANSFERABILITY_FILE)),
        lineage=lineage,
        blessed_model_id=blessed_model_id,
        settings=settings,
        label_audit=audits,
    )


def _read(uri: str, name: str, parse: Callable[[str], Any] = json.loads) -> Any:
    path = os.path.join(uri, name)
    try:
        with tf.io.gfile.GFile(path) as file:
            return parse(file.read())
    except (tf.errors.OpError, ValueError) as error:
        raise DataError(
            path,
            expected="a file that this pipeline wrote",
            found=one_line(error),
            fix="Run the pipeline with --fresh.",
        ) from error
