"""Confusion matrices, as tables that can be read and listened to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.core.arms import WARM_START
from modules.core.wording import ARM_NAMES
from modules.report.evidence.confusion_groups import ConfusionGroup, group_confused_classes
from modules.report.evidence.shown_arms import shown_arms
from modules.report.evidence.shown_classes import MOST_SHOWN
from modules.report.inputs import ReportData
from modules.report.sections.section import Section

_SIDE_BY_SIDE = 12  # classes: three such matrices fit beside each other
_MOST_PAIRS = 12
_MOST_GROUPS, _LARGEST_GROUP = 6, 6
_SHADES = 5
_SHORT_NAME = 3  # fits above a column
_OTHERS = "others"

Counts = npt.NDArray[np.int64]


def confusion_section(data: ReportData) -> Section:
    """Shows which classes each arm confuses.

    Few classes have whole matrices. Of many, the section shows the classes that the warm start
    takes for each other, in groups, and each arm's most frequent confusions.
    """
    names, arms = data.evaluation["target"]["classes"], shown_arms(data.evaluation)
    confusions = {arm: data.predictions.confusion(arm, len(names)) for arm in arms}
    is_whole = len(names) <= MOST_SHOWN
    groups = [] if is_whole else group_confused_classes(confusions[WARM_START], _LARGEST_GROUP)
    return Section(
        "confusion",
        "Confusion matrices" if is_whole else "Confusions",
        {
            "classes": len(names),
            "whole": is_whole,
            "beside": len(names) <= _SIDE_BY_SIDE,
            "matrices": [
                {
                    "arm": ARM_NAMES[arm],
                    "is_candidate": arm == WARM_START,
                    "matrix": _matrix(counts, names, names) if is_whole else None,
                    "pairs": _frequent_confusions(counts, names),
                    "errors": _errors(counts),
                }
                for arm, counts in confusions.items()
            ],
            "candidate": ARM_NAMES[WARM_START],
            "groups": [
                {
                    "errors": group.errors,
                    "matrix": _group_matrix(confusions[WARM_START], group, names),
                }
                for group in groups[:_MOST_GROUPS]
            ],
            "errors": _errors(confusions[WARM_START]),
            "grouped_errors": sum(group.errors for group in groups[:_MOST_GROUPS]),
        },
    )


def _group_matrix(counts: Counts, group: ConfusionGroup, names: Sequence[str]) -> dict[str, Any]:
    """Cuts a group out of the matrix; one more column counts the answers outside of it."""
    members = list(group.classes)
    own = counts[np.ix_(members, members)]
    others = counts[members].sum(axis=1) - own.sum(axis=1)
    rows = [names[label] for label in members]
    return _matrix(np.column_stack([own, others]), rows, [*rows, _OTHERS])


def _matrix(counts: Counts, rows: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
    return {
        "rows": list(zip(rows, _shaded(counts), strict=True)),
        "columns": columns,
        "upright": all(len(name) <= _SHORT_NAME for name in columns),
    }


def _shaded(counts: Counts) -> list[list[tuple[int, int]]]:
    """Pairs each count with its shade: 0, or 1 to 5 by its share of the row."""
    return [
        [(count, -(-_SHADES * count // max(1, sum(row)))) for count in row]
        for row in counts.tolist()
    ]


def _errors(counts: Counts) -> int:
    return int(counts.sum() - counts.trace())


def _frequent_confusions(counts: Counts, names: Sequence[str]) -> list[dict[str, Any]]:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    cells = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_PAIRS]
    return [
        {"true": names[true], "predicted": names[predicted], "count": int(wrong[true, predicted])}
        for true, predicted in zip(*np.unravel_index(cells, wrong.shape), strict=True)
        if wrong[true, predicted]
    ]
