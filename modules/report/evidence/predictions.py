"""Each arm's answer to each evaluation example, as predictions.csv lists them."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.core.arms import ALL_ARMS, ARMS, WARM_START
from modules.core.errors import DataError, one_line
from modules.evaluation.evaluation_report import PREDICTIONS_FILE


@dataclass(frozen=True)
class Predictions:
    """Each arm's answers to the same N examples.

    Attributes:
        example_ids: The examples' ids.
        labels: True classes, int64 [N].
        predicted: Predicted classes by arm, int64 [N].
        confidence: Probability of the predicted class by arm, float64 [N].
    """

    example_ids: list[str]
    labels: npt.NDArray[np.int64]
    predicted: dict[str, npt.NDArray[np.int64]]
    confidence: dict[str, npt.NDArray[np.float64]]

    def hardest(self, limit: int) -> npt.NDArray[np.int64]:
        """Ranks the examples by how hard they are for the warm start.

        Returns:
            At most `limit` rows, int64: first its errors, most confident first, then its right
            answers, least confident first.
        """
        confidence = self.confidence[WARM_START]
        wrong = self.predicted[WARM_START] != self.labels
        hardness = np.where(wrong, 1.0 + confidence, 1.0 - confidence)
        return np.argsort(-hardness, kind="stable")[:limit]

    def confusion(self, arm: str, num_classes: int) -> npt.NDArray[np.int64]:
        """Counts an arm's answers.

        Returns:
            Counts by true (row) and predicted class (column), int64 [K, K].
        """
        cells = self.labels * num_classes + self.predicted[arm]
        return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def read_predictions(evaluation_uri: str) -> Predictions:
    """Reads the predictions of an evaluation artifact, in file order.

    Raises:
        DataError: The file is missing or empty, or has other columns.
    """
    path = os.path.join(evaluation_uri, PREDICTIONS_FILE)
    try:
        with tf.io.gfile.GFile(path) as file:
            rows = list(csv.DictReader(io.StringIO(file.read(), newline="")))
        if not rows:
            raise ValueError("no row")
        arms = [arm for arm in ALL_ARMS if arm in ARMS or f"{arm}_label" in rows[0]]
        return Predictions(
            [row["example_id"] for row in rows],
            np.array([int(row["label"]) for row in rows], np.int64),
            {arm: np.array([int(row[f"{arm}_label"]) for row in rows], np.int64) for arm in arms},
            {
                arm: np.array([float(row[f"{arm}_confidence"]) for row in rows], np.float64)
                for arm in arms
            },
        )
    except (tf.errors.OpError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            path,
            expected="every arm's predictions",
            found=one_line(error),
            fix="Run the evaluation again.",
        ) from error
