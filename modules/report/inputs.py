"""Reads all that the report shows out of the run's artifacts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from modules.core.arms import ARMS, PRETRAINED, SCRATCH, WARM_START
from modules.core.errors import DataError
from modules.examples.input_pipeline import index_examples
from modules.models.mapping_report import MappingReport
from modules.report.evidence.drawn_examples import DrawnExamples
from modules.report.evidence.learning_curves import Curve, read_curves
from modules.report.evidence.lineage import ArtifactFact
from modules.report.evidence.predictions import Predictions, read_predictions
from modules.report.sections.features import FeatureSample
from modules.report.sections.hardest import HardExample
from modules.report.sections.samples import ClassSamples
from modules.settings import GateSettings, PreprocessingSettings
from modules.training.record import TrainingRecord
from modules.transfer.transferability.estimates import (
    TRANSFERABILITY_FILE,
    Transferability,
    parse_transferability,
)

_MODEL_RUNS = {
    PRETRAINED: "pretrain_model_run",
    SCRATCH: "scratch_model_run",
    WARM_START: "warm_start_model_run",
}


@dataclass(frozen=True)
class ReportSettings:
    """The settings that the report names.

    Attributes:
        gate: What had to be shown.
        preprocessing: What was done to the images.
        method: Name of the transfer method.
        restore: Way of the warm start, `rebuild` or `graph`.
    """

    gate: GateSettings
    preprocessing: PreprocessingSettings
    method: str
    restore: str


@dataclass(frozen=True)
class ReportData:
    """All that the report shows.

    Attributes:
        evaluation: Content of evaluation.json.
        predictions: Each arm's answers.
        samples: Images of both domains.
        hardest: Images of the hardest target examples.
        features: Of examples of both domains; None where too few classes have any.
        curves: Scalars by step, by tag, by arm.
        records: What each training did, by arm.
        source_validation: Content of the source's validation.json.
        target_validation: Content of the target's.
        mapping: What the warm start took over.
        transferability: What the transfer was estimated to be worth.
        lineage: The artifacts at hand.
        blessed_model_id: Of the model that the blessing names; 0 where it names none.
        settings: What the run was asked to do.
    """

    evaluation: Mapping[str, Any]
    predictions: Predictions
    samples: Sequence[ClassSamples]
    hardest: Sequence[HardExample]
    features: FeatureSample | None
    curves: Mapping[str, Mapping[str, Curve]]
    records: Mapping[str, TrainingRecord]
    source_validation: Mapping[str, Any]
    target_validation: Mapping[str, Any]
    mapping: MappingReport
    transferability: Transferability
    lineage: Sequence[ArtifactFact]
    blessed_model_id: int
    settings: ReportSettings


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
        lineage: Every artifact of `modules.report.evidence.lineage.KINSHIPS`.
        source_files: Patterns of the files of the source's eval split.
        target_files: Patterns of the files of the target's.
        blessed_model_id: Of the model that the blessing names.
        settings: What the run was asked to do.

    Returns:
        What the report shows.

    Raises:
        DataError: An artifact is not what this pipeline writes.
    """
    uris = {fact.key: fact.uri for fact in lineage}
    evaluation = _read_json(uris["evaluation"], "evaluation.json")
    predictions = read_predictions(uris["evaluation"])
    drawn = DrawnExamples(evaluation, index_examples(source_files), index_examples(target_files))
    samples, hardest = drawn.pictures(predictions, uris["transform_graph"])
    runs = {arm: uris[_MODEL_RUNS[arm]] for arm in ARMS}
    return ReportData(
        evaluation=evaluation,
        predictions=predictions,
        samples=samples,
        hardest=hardest,
        features=drawn.features(uris["pretrained_model"], uris["warm_start_model"]),
        curves={arm: read_curves(run) for arm, run in runs.items()},
        records={arm: TrainingRecord.read(run) for arm, run in runs.items()},
        source_validation=_read_json(uris["source_anomalies"], "validation.json"),
        target_validation=_read_json(uris["target_anomalies"], "validation.json"),
        mapping=MappingReport.from_json(_read_text(uris["mapping_report"], "mapping_report.json")),
        transferability=parse_transferability(
            _read_json(uris["mapping_report"], TRANSFERABILITY_FILE)
        ),
        lineage=lineage,
        blessed_model_id=blessed_model_id,
        settings=settings,
    )


def _read_json(uri: str, name: str) -> dict[str, Any]:
    try:
        return json.loads(_read_text(uri, name))
    except ValueError as error:
        raise DataError(
            os.path.join(uri, name),
            expected="JSON",
            found=str(error),
            fix="Run the pipeline with --fresh.",
        ) from error


def _read_text(uri: str, name: str) -> str:
    path = os.path.join(uri, name)
    try:
        with tf.io.gfile.GFile(path) as file:
            return file.read()
    except tf.errors.OpError as error:
        raise DataError(
            path,
            expected="a file of this pipeline",
            found=error.message,
            fix="Run the pipeline with --fresh.",
        ) from error
