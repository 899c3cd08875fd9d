"""Reads what TensorBoard's projector shows out of the run's artifacts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modules.core.arms import PRETRAINED, WARM_START
from modules.examples.input_pipeline import index_examples
from modules.examples.records import encoded_image, read_records
from modules.models.artifact import saved_model_dir
from modules.report.evidence.evaluation_examples import draw_rows, find_rows
from modules.report.evidence.model_features import model_features
from modules.report.evidence.predictions import read_predictions
from modules.report.evidence.projector import MOST_EXAMPLES, ProjectedExamples

_SEED = 0  # of the draw where there are more examples than are shown


def read_projected_examples(
    target_files: Sequence[str], evaluation: str, pretrained_model: str, warm_start_model: str
) -> ProjectedExamples:
    """Computes the features of evaluated target examples before and after the transfer.

    Args:
        target_files: Patterns of the files of the target's eval split.
        evaluation: Root folder of the ModelEvaluation artifact.
        pretrained_model: Root folder of the Model artifact before the transfer.
        warm_start_model: Root folder of the one after it.

    Returns:
        All evaluated examples, or as many of each class as `MOST_EXAMPLES` has room for.

    Raises:
        DataError: An artifact is not what this pipeline writes.
    """
    predictions = read_predictions(evaluation)
    labels = predictions.labels
    chosen = np.arange(len(labels))
    if len(labels) > MOST_EXAMPLES:
        classes = [int(label) for label in np.unique(labels)]
        chosen = draw_rows(labels, classes, MOST_EXAMPLES, np.random.default_rng(_SEED))
    example_ids = [predictions.example_ids[row] for row in chosen]
    index = index_examples(target_files)
    records = read_records(index, find_rows(index, example_ids))
    before, after = (
        model_features(saved_model_dir(model), records)
        for model in (pretrained_model, warm_start_model)
    )
    return ProjectedExamples(
        example_ids,
        [encoded_image(record) for record in records],
        labels[chosen],
        before,
        after,
        predictions.predicted[PRETRAINED][chosen],
        predictions.predicted[WARM_START][chosen],
    )
