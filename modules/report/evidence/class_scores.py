"""Each class's accuracy in each arm, with its interval, worst class first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modules.core.arms import WARM_START
from modules.evaluation.paired_statistics import Interval
from modules.report.evidence.shown_arms import shown_arms


@dataclass(frozen=True)
class ClassScore:
    """How well the arms recognise one class.

    Attributes:
        label: Its label.
        name: Its name.
        total: Its evaluation examples.
        accuracies: Share of right answers by arm; None for a class without examples.
        intervals: The shares' 95 % intervals by arm; None for a class without examples.
    """

    label: int
    name: str
    total: int
    accuracies: Mapping[str, float | None]
    intervals: Mapping[str, Interval | None]


def class_scores(evaluation: Mapping[str, Any]) -> list[ClassScore]:
    """Ranks the classes of an evaluation by the warm start's accuracy.

    Args:
        evaluation: Content of evaluation.json.

    Returns:
        Every class, worst first: of equal accuracies, the one with more examples. Classes without
        examples come last.
    """
    per_class = {arm: evaluation["arms"][arm]["per_class"] for arm in shown_arms(evaluation)}
    scores = [
        ClassScore(
            label,
            name,
            per_class[WARM_START][name]["total"],
            {arm: scores[name]["accuracy"] for arm, scores in per_class.items()},
            {arm: _interval(scores[name]) for arm, scores in per_class.items()},
        )
        for label, name in enumerate(evaluation["target"]["classes"])
    ]
    return sorted(scores, key=_rank)


def _interval(score: Mapping[str, Any]) -> Interval | None:
    if score["ci95"] is None:
        return None
    low, high = score["ci95"]
    return low, high


def _rank(score: ClassScore) -> tuple[float, int, int]:
    accuracy = score.accuracies[WARM_START]
    return math.inf if accuracy is None else accuracy, -score.total, score.label
