"""Which examples the report shows, and what it shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from modules.examples.input_pipeline import ExampleIndex
from modules.examples.records import encoded_image, read_records
from modules.models.artifact import saved_model_dir
from modules.report.drawing.pictures import encoded_picture, preprocessed_picture
from modules.report.evidence.evaluation_examples import (
    draw_rows,
    find_rows,
    preprocess_records,
)
from modules.report.evidence.feature_geometry import FeatureSet
from modules.report.evidence.model_features import model_features
from modules.report.evidence.predictions import Predictions
from modules.report.evidence.shown_classes import shown_classes
from modules.report.sections.features import MOST_CLASSES as MOST_FEATURE_CLASSES
from modules.report.sections.features import MOST_POINTS, FeatureSample
from modules.report.sections.hardest import MOST_EXAMPLES, HardExample
from modules.report.sections.samples import MOST_CLASSES as MOST_SAMPLE_CLASSES
from modules.report.sections.samples import ClassSamples


class DrawnExamples:
    """Draws examples of both domains' eval splits, the same ones for the same evaluation.

    Args:
        evaluation: Content of evaluation.json: its seed and its outcome decide what is drawn.
        source: Index of the source's eval split.
        target: Index of the target's.
    """

    def __init__(
        self,
        evaluation: Mapping[str, Any],
        source: ExampleIndex,
        target: ExampleIndex,
    ) -> None:
        self._evaluation = evaluation
        self._source = source
        self._target = target

    def pictures(
        self, predictions: Predictions, transform_graph_dir: str
    ) -> tuple[list[ClassSamples], list[HardExample]]:
        """Makes pictures of an example of each class and of the hardest target examples.

        Args:
            predictions: Say which examples are hard.
            transform_graph_dir: The TransformGraph artifact behind which the models were trained.

        Returns:
            Both kinds, for their sections.

        Raises:
            DataError: An example that was evaluated is not in the target's split.
        """
        classes = shown_classes(self._evaluation, MOST_SAMPLE_CLASSES)
        rng = np.random.default_rng(self._evaluation["seed"])
        source_rows = draw_rows(self._source.labels, classes, len(classes), rng)
        target_rows = draw_rows(self._target.labels, classes, len(classes), rng)
        hardest = predictions.hardest(MOST_EXAMPLES)
        hardest_ids = [predictions.example_ids[row] for row in hardest]
        hardest_rows = find_rows(self._target, hardest_ids)

        rows = np.unique(np.concatenate([target_rows, hardest_rows]))
        records = read_records(self._target, rows)
        images = preprocess_records(records, transform_graph_dir)
        raw = {
            int(row): encoded_picture(encoded_image(record))
            for row, record in zip(rows, records, strict=True)
        }
        preprocessed = {
            int(row): preprocessed_picture(image) for row, image in zip(rows, images, strict=True)
        }
        source = {
            int(self._source.labels[row]): encoded_picture(encoded_image(record))
            for row, record in zip(
                source_rows, read_records(self._source, source_rows), strict=True
            )
        }
        target = {int(self._target.labels[row]): int(row) for row in target_rows}
        return [
            ClassSamples(
                label,
                source.get(label),
                raw.get(target.get(label, -1)),
                preprocessed.get(target.get(label, -1)),
            )
            for label in classes
        ], [
            HardExample(int(row), raw[int(place)], preprocessed[int(place)])
            for row, place in zip(hardest, hardest_rows, strict=True)
        ]

    def features(self, pretrained_model: str, warm_start_model: str) -> FeatureSample | None:
        """Computes features of examples of both domains before and after the transfer.

        Args:
            pretrained_model: Root folder of the Model artifact before the transfer.
            warm_start_model: Root folder of the one after it.

        Returns:
            The features; None if fewer than two classes have examples in both domains.
        """
        classes = [
            label
            for label in shown_classes(self._evaluation, MOST_FEATURE_CLASSES)
            if (self._source.labels == label).any() and (self._target.labels == label).any()
        ]
        if len(classes) < 2:
            return None
        # The centers are points of the picture too.
        limit = MOST_POINTS // 2 - len(classes)
        rng = np.random.default_rng(self._evaluation["seed"])
        drawn = [
            (index, draw_rows(index.labels, classes, limit, rng))
            for index in (self._source, self._target)
        ]
        records = [record for index, rows in drawn for record in read_records(index, rows)]
        labels = np.concatenate([index.labels[rows] for index, rows in drawn])
        is_target = np.arange(len(labels)) >= len(drawn[0][1])
        before, after = (
            FeatureSet(model_features(saved_model_dir(model), records), labels, is_target)
            for model in (pretrained_model, warm_start_model)
        )
        return FeatureSample(before, after, classes)
