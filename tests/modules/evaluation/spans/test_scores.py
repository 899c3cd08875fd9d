"""What is said by span: the newest, the older ones, all, and what of the older ones was lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from modules.evaluation.paired_statistics import difference_interval, wilson_interval
from modules.evaluation.spans.scores import score_spans
from modules.models.served_model import Answers
from modules.settings import GateSettings

SPANS = np.array([1] * 40 + [2] * 60 + [7] * 100)


def answers(right: Sequence[int]) -> Answers:
    """Right answers to the first so many examples of each span."""
    labels = np.zeros(len(SPANS), np.int64)
    predicted = np.concatenate(
        [
            np.arange(np.count_nonzero(span == SPANS)) >= number
            for span, number in zip((1, 2, 7), right, strict=True)
        ]
    ).astype(np.int64)
    ids = [f"eval/{index}" for index in range(len(SPANS))]
    return Answers(ids, labels, predicted, np.ones(len(SPANS), np.float32))


def scored(spans: np.ndarray = SPANS, **more: Any) -> dict[str, Any]:
    arms = {
        "pretrained": answers((20, 30, 50)),
        "scratch": answers((10, 10, 90)),
        "warm_start": answers((30, 50, 95)),
        **more,
    }
    return score_spans(arms, spans, GateSettings())


def test_each_span_all_older_ones_and_all_are_scored_with_intervals() -> None:
    found = scored()
    assert found["newest"] == 7
    assert [(part["span"], part["examples"]) for part in found["by_span"]] == [
        (7, 100),
        (2, 60),
        (1, 40),
    ]
    assert found["by_span"][1]["arms"]["warm_start"] == {
        "accuracy": 50 / 60,
        "ci95": list(wilson_interval(50, 60)),
        "correct": 50,
        "total": 60,
    }
    assert found["older"]["spans"] == [1, 2]
    assert found["older"]["arms"]["scratch"]["correct"] == 20
    assert found["all"]["spans"] == [1, 2, 7]
    assert found["all"]["arms"]["warm_start"]["correct"] == 175
    assert json.loads(json.dumps(found)) == found


def test_forgetting_is_the_paired_difference_to_what_is_served_on_the_older_spans_alone() -> None:
    found = scored(served=answers((38, 49, 10)))["forgetting"]
    assert (found["fixed"], found["broken"]) == (1, 8)
    assert found["difference"] == pytest.approx(-7 / 100)
    assert found["ci95"] == list(difference_interval(1, 8, 100))


def test_nothing_is_forgotten_where_nothing_is_served_or_older() -> None:
    assert scored()["forgetting"] is None
    first = scored(np.full(len(SPANS), 3), served=answers((40, 60, 100)))
    assert (first["newest"], first["older"], first["forgetting"]) == (3, None, None)


def test_groups_widen_the_intervals() -> None:
    arms = {arm: answers((30, 50, 95)) for arm in ("pretrained", "scratch", "warm_start")}
    arms["served"] = answers((40, 60, 100))
    groups = np.array([f"group {index // 10}".encode() for index in range(len(SPANS))])
    alone = score_spans(arms, SPANS, GateSettings())
    grouped = score_spans(arms, SPANS, GateSettings(), groups)
    for part in (lambda found: found["older"]["arms"]["served"], lambda found: found["forgetting"]):
        low, high = part(alone)["ci95"]
        grouped_low, grouped_high = part(grouped)["ci95"]
        assert grouped_low <= low
        assert high <= grouped_high
