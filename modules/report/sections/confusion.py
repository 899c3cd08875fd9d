"""Confusion matrices, as tables that can be read and listened to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modules.core.arms import ARMS
from modules.core.wording import ARM_NAMES
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_MOST_CLASSES = 24
_MOST_PAIRS = 12
_SHADES = 5
_SHORT_NAME = 3  # fits above a column


def confusion_section(data: ReportData) -> Section:
    """Shows which classes each arm confuses: of many, only the most frequent confusions."""
    evaluation = data.evaluation
    names = evaluation["target"]["classes"]
    confusions = {arm: evaluation["arms"][arm]["confusion"] for arm in ARMS}
    return Section(
        "confusion",
        "Confusion matrices",
        {
            "names": names,
            "whole": len(names) <= _MOST_CLASSES,
            "upright": all(len(name) <= _SHORT_NAME for name in names),
            "matrices": [
                {
                    "arm": ARM_NAMES[arm],
                    "rows": _shaded(counts) if len(names) <= _MOST_CLASSES else [],
                    "pairs": _frequent_confusions(counts, names),
                }
                for arm, counts in confusions.items()
            ],
        },
    )


def _shaded(counts: Sequence[Sequence[int]]) -> list[list[tuple[int, int]]]:
    """Pairs each count with its shade: 0, or 1 to 5 by its share of the row."""
    return [[(count, -(-_SHADES * count // max(1, sum(row)))) for count in row] for row in counts]


def _frequent_confusions(
    counts: Sequence[Sequence[int]], names: Sequence[str]
) -> list[dict[str, Any]]:
    confusions: list[dict[str, Any]] = [
        {"true": names[true], "predicted": names[predicted], "count": count}
        for true, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if count and true != predicted
    ]
    return sorted(confusions, key=lambda confusion: -confusion["count"])[:_MOST_PAIRS]
