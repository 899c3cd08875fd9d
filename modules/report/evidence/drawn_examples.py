"""Which examples the report shows, and what it shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.core.arms import PRETRAINED, WARM_START
from modules.examples.input_pipeline import ExampleIndex
from modules.examples.records import encoded_image, read_records
from modules.models.artifact import saved_model_dir
from modules.report.drawing.palette import CLASS_COLOURS
from modules.report.drawing.pictures import encoded_picture, preprocessed_picture
from modules.report.evidence.evaluation_examples import (
    draw_rows,
    find_rows,
    preprocess_records,
)
from modules.report.evidence.feature_geometry import FeatureSet
from modules.report.evidence.model_features import model_features
from modules.report.evidence.predictions import Predictions
from modules.report.evidence.projector import MOST_EXAMPLES as MOST_PROJECTED
from modules.report.evidence.projector import ProjectedExamples
from modules.report.evidence.shown_classes import shown_classes

MOST_FEATURE_CLASSES = len(CLASS_COLOURS)

_MOST_SAMPLE_CLASSES = 10
_MOST_HARD_EXAMPLES = 16
_MOST_FEATURE_POINTS = 400
_PROJECTOR_SEED = 0


@dataclass(frozen=True)
class ClassSamples:
    """An image of one class from each domain.

    Attributes:
        source: `data:` URI of a source image; None if the class has none.
        target: `data:` URI of a target image; None if the class has none.
        target_preprocessed: The same target image as the network sees it.
    """

    label: int
    source: str | None
    target: str | None
    target_preprocessed: str | None


@dataclass(frozen=True)
class HardExample:
    """An example's images.

    Attributes:
        row: Its row of the predictions.
        raw: `data:` URI of the image.
        preprocessed: `data:` URI of what the network sees.
    """

    row: int
    raw: str
    preprocessed: str


@dataclass(frozen=True)
class FeatureSample:
    """Features of the same examples by two models.

    Attributes:
        before: By the pretrained model.
        after: By the warm-started model.
        classes: Labels that have examples in both domains.
    """

    before: FeatureSet
    after: FeatureSet
    classes: Sequence[int]


def in_target_labels(
    index: ExampleIndex, source_names: Sequence[str], target_names: Sequence[str]
) -> ExampleIndex:
    """Gives source examples the labels that the target has for their classes, or -1."""
    labels = {name: label for label, name in enumerate(target_names)}
    mapping = np.array([labels.get(name, -1) for name in source_names], np.int64)
    return replace(index, labels=mapping[index.labels])


@dataclass(frozen=True)
class DrawnExamples:
    """Draws examples of both domains' eval splits, the same ones for the same evaluation.

    Attributes:
        evaluation: Content of evaluation.json: its seed and its outcome decide what is drawn.
        predictions: The answers that were evaluated.
        source: Index of the source's eval split, in the target's labels; empty without a source.
        target: Index of the target's eval split.
    """

    evaluation: Mapping[str, Any]
    predictions: Predictions
    source: ExampleIndex
    target: ExampleIndex

    def pictures(self, transform_graph_dir: str) -> tuple[list[ClassSamples], list[HardExample]]:
        """Makes pictures of an example of each class and of the hardest target examples.

        Args:
            transform_graph_dir: The TransformGraph artifact of the models.

        Returns:
            Samples by class, and the hardest examples, hardest first.

        Raises:
            DataError: An evaluated example is not in the target's split.
        """
        classes = shown_classes(self.evaluation, _MOST_SAMPLE_CLASSES)
        rng = np.random.default_rng(self.evaluation["seed"])
        source_rows = draw_rows(self.source.labels, classes, len(classes), rng)
        target_rows = draw_rows(self.target.labels, classes, len(classes), rng)
        hardest = self.predictions.hardest(_MOST_HARD_EXAMPLES)
        hardest_rows = self._evaluated_rows(hardest)

        rows = np.unique(np.concatenate([target_rows, hardest_rows]))
        records = read_records(self.target, rows)
        images = preprocess_records(records, transform_graph_dir)
        raw = {
            int(row): encoded_picture(encoded_image(record))
            for row, record in zip(rows, records, strict=True)
        }
        preprocessed = {
            int(row): preprocessed_picture(image) for row, image in zip(rows, images, strict=True)
        }
        source = {
            int(self.source.labels[row]): encoded_picture(encoded_image(record))
            for row, record in zip(source_rows, read_records(self.source, source_rows), strict=True)
        }
        target = {int(self.target.labels[row]): int(row) for row in target_rows}
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
            warm_start_model: Root folder of the Model artifact after the transfer.

        Returns:
            The features; None if fewer than two classes have examples in both domains.
        """
        classes = [
            label
            for label in shown_classes(self.evaluation, MOST_FEATURE_CLASSES)
            if (self.source.labels == label).any() and (self.target.labels == label).any()
        ]
        if len(classes) < 2:
            return None
        # The class centers are points of the picture too.
        limit = _MOST_FEATURE_POINTS // 2 - len(classes)
        rng = np.random.default_rng(self.evaluation["seed"])
        drawn = [
            (index, draw_rows(index.labels, classes, limit, rng))
            for index in (self.source, self.target)
        ]
        records = [record for index, rows in drawn for record in read_records(index, rows)]
        labels = np.concatenate([index.labels[rows] for index, rows in drawn])
        is_target = np.arange(len(labels)) >= len(drawn[0][1])
        before, after = (
            FeatureSet(model_features(saved_model_dir(model), records), labels, is_target)
            for model in (pretrained_model, warm_start_model)
        )
        return FeatureSample(before, after, classes)

    def projected(self, pretrained_model: str, warm_start_model: str) -> ProjectedExamples:
        """Computes the features that TensorBoard's projector shows.

        Args:
            pretrained_model: Root folder of the Model artifact before the transfer.
            warm_start_model: Root folder of the Model artifact after the transfer.

        Returns:
            All evaluated target examples; of too many, the same number of each class.

        Raises:
            DataError: An evaluated example is not in the target's split.
        """
        labels = self.predictions.labels
        chosen = np.arange(len(labels))
        if len(labels) > MOST_PROJECTED:
            rng = np.random.default_rng(_PROJECTOR_SEED)
            chosen = draw_rows(labels, np.unique(labels).tolist(), MOST_PROJECTED, rng)
        records = read_records(self.target, self._evaluated_rows(chosen))
        before, after = (
            model_features(saved_model_dir(model), records)
            for model in (pretrained_model, warm_start_model)
        )
        return ProjectedExamples(
            [self.predictions.example_ids[row] for row in chosen],
            [encoded_image(record) for record in records],
            labels[chosen],
            before,
            after,
            self.predictions.predicted[PRETRAINED][chosen],
            self.predictions.predicted[WARM_START][chosen],
        )

    def _evaluated_rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Turns rows of the predictions into rows of the target's split."""
        return find_rows(self.target, [self.predictions.example_ids[row] for row in rows])
