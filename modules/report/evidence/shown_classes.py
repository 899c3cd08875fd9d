"""Which classes are shown if there is no room for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules.core.arms import PRETRAINED, WARM_START

# Up to so many classes have a row each in figures and matrices, of more only some.
MOST_SHOWN = 30


def shown_classes(evaluation: Mapping[str, Any], limit: int) -> list[int]:
    """Chooses the classes that the transfer changed most.

    Args:
        evaluation: Content of evaluation.json.
        limit: Most classes to choose.

    Returns:
        Labels in ascending order; all, if there are no more than `limit`.
    """
    names = evaluation["target"]["classes"]
    if len(names) <= limit:
        return list(range(len(names)))
    before, after = (evaluation["arms"][arm]["per_class"] for arm in (PRETRAINED, WARM_START))

    def change(label: int) -> float:
        pair = [scores[names[label]]["accuracy"] for scores in (before, after)]
        return -1.0 if None in pair else abs(pair[1] - pair[0])

    return sorted(sorted(range(len(names)), key=change, reverse=True)[:limit])
