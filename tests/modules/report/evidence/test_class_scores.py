"""Classes in the order in which a reader should see them."""

from __future__ import annotations

from typing import Any

import pytest

from modules.core.arms import PRETRAINED, WARM_START
from modules.evaluation.paired_statistics import wilson_interval
from modules.report.evidence.class_scores import class_scores


def evaluation(**counts: tuple[int, int]) -> dict[str, Any]:
    """An evaluation with the warm start's right answers and examples by class name."""
    per_class = {
        name: {
            "accuracy": right / total if total else None,
            "ci95": list(wilson_interval(right, total)) if total else None,
            "correct": right,
            "total": total,
        }
        for name, (right, total) in counts.items()
    }
    return {
        "target": {"classes": list(counts)},
        "arms": {arm: {"per_class": per_class} for arm in (PRETRAINED, WARM_START)},
    }


def test_the_worst_class_comes_first_and_one_without_examples_last() -> None:
    scores = class_scores(evaluation(none=(0, 0), good=(9, 10), bad=(1, 10), half=(5, 10)))
    assert [score.name for score in scores] == ["bad", "half", "good", "none"]
    assert [score.label for score in scores] == [2, 3, 1, 0]


def test_of_equal_accuracies_the_one_with_more_examples_comes_first() -> None:
    scores = class_scores(evaluation(few=(1, 2), many=(50, 100), some=(5, 10)))
    assert [score.name for score in scores] == ["many", "some", "few"]


def test_each_arm_has_its_interval_where_the_class_has_examples() -> None:
    bad, none = class_scores(evaluation(bad=(1, 10), none=(0, 0)))
    assert bad.intervals == {arm: wilson_interval(1, 10) for arm in (PRETRAINED, WARM_START)}
    assert bad.accuracies[WARM_START] == pytest.approx(0.1)
    assert none.intervals == none.accuracies == {PRETRAINED: None, WARM_START: None}
