"""What the arms know of the newest span of data, and what the warm start lost of older ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.core.arms import ALL_ARMS, SERVED, WARM_START
from modules.evaluation.evaluation_report import score
from modules.evaluation.gate import compare
from modules.evaluation.paired_counts import group_numbers, paired_counts
from modules.models.served_model import Answers
from modules.settings import GateSettings

_Rows = npt.NDArray[np.bool_]


def newest_of(spans: npt.NDArray[np.int64]) -> _Rows | None:
    """Returns which examples are of the newest span, bool [N]; None if all are."""
    newest = spans == spans.max()
    return None if newest.all() else newest


def score_spans(
    answers: Mapping[str, Answers],
    spans: npt.NDArray[np.int64],
    settings: GateSettings,
    groups: npt.NDArray[Any] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Scores each arm by the span that an example arrived with. The verdict is on all examples.

    Args:
        answers: Each arm's answers to the same N examples.
        spans: Span of each example, int64 [N].
        settings: The gate's, whose test compares.
        groups: Name of each example's group, [N]; None where each stands for itself.
        seed: Seed of the bootstrap.

    Returns:
        JSON values. `newest`: number of the newest span. `by_span`: for each span, newest first,
        its number as `span`, `examples` and `arms`, each with `accuracy`, `ci95`, `correct` and
        `total`. `older`: the same for all older spans together, with `spans`; None if there is
        none. `all`: the same for all spans. `forgetting`: the warm start against the served model
        on the older spans, a negative `difference` being a loss; None where there is no older
        span, or nothing is served.
    """
    numbers = None if groups is None else group_numbers(groups)
    right = {
        arm: answers[arm].predicted == answers[arm].labels for arm in ALL_ARMS if arm in answers
    }
    found = sorted(set(spans.tolist()), reverse=True)
    newest, *older = found

    def scores(rows: _Rows) -> dict[str, Any]:
        own = None if numbers is None else numbers[rows]
        return {
            "examples": int(np.count_nonzero(rows)),
            "arms": {arm: score(right[arm][rows], own) for arm in right},
        }

    before = spans != newest
    forgetting = None
    if older and SERVED in right:
        own = None if numbers is None else numbers[before]
        counts = paired_counts(right[WARM_START][before], right[SERVED][before], own)
        comparison = dataclasses.asdict(compare(counts, settings, seed))
        forgetting = {**comparison, "ci95": list(comparison["ci95"])}
    return {
        "newest": newest,
        "by_span": [{"span": span, **scores(spans == span)} for span in found],
        "older": {"spans": older[::-1], **scores(before)} if older else None,
        "all": {"spans": found[::-1], **scores(np.ones(len(spans), np.bool_))},
        "forgetting": forgetting,
    }
