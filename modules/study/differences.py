"""Differences between the methods of a study and its controls, paired by repeat."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from modules.core.arms import SCRATCH
from modules.study.cells import PROBE, ZERO_SHOT
from modules.study.summary import (
    SummaryRow,
    by_method_and_shots,
    table_header,
    to_markdown,
    to_table,
)

_CONTROLS = (ZERO_SHOT, PROBE, SCRATCH)


@dataclass(frozen=True)
class Difference:
    """How much more a method gets right than a control, with the same shots in each repeat.

    Attributes:
        method: Name of a transfer method.
        control: `zero_shot`, `probe` or `scratch`.
        shots: Labelled target examples per class.
        values: Difference of the accuracies in each repeat, in order.
    """

    method: str
    control: str
    shots: int
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the repeats."""
        return statistics.fmean(self.values)

    @property
    def sd(self) -> float | None:
        """Sample standard deviation over the repeats; None for a single repeat."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    def __str__(self) -> str:
        spread = "" if self.sd is None else f" ± {100 * self.sd:.1f}"
        return f"{100 * self.mean:+.1f}{spread}"


def paired_differences(rows: Sequence[SummaryRow]) -> list[Difference]:
    """Compares each method with each control that the study has, where both have results.

    Args:
        rows: Rows of `summarize`.

    Returns:
        The differences by control, then in the order of the rows.

    Example:
        >>> rows = [SummaryRow("joint", 1, (0.9, 0.8)), SummaryRow("probe", 1, (0.7, 0.7))]
        >>> [str(difference) for difference in paired_differences(rows)]
        ['+15.0 ± 7.1']
    """
    of_controls = {(row.method, row.shots): row.accuracies for row in rows}
    differences = []
    for control in _CONTROLS:
        for row in rows:
            if row.method in _CONTROLS or (control, row.shots) not in of_controls:
                continue
            theirs = of_controls[control, row.shots]
            if control == ZERO_SHOT:  # one model, whatever the repeat
                theirs *= len(row.accuracies)
            values = (own - other for own, other in zip(row.accuracies, theirs, strict=True))
            differences.append(Difference(row.method, control, row.shots, tuple(values)))
    return differences


def study_markdown(rows: Sequence[SummaryRow]) -> str:
    """Writes the table of a study, and one of the differences to each of its controls.

    Args:
        rows: Rows of `summarize`.
    """
    parts = [to_markdown(to_table(rows))]
    differences = paired_differences(rows)
    for control in dict.fromkeys(difference.control for difference in differences):
        numbers, grid = by_method_and_shots([d for d in differences if d.control == control])
        lines = [
            [method, *(str(cell) if cell else "" for cell in cells)]
            for method, cells in grid.items()
        ]
        parts.append(
            f"Paired differences to {control}, in points: mean ± sd over the repeats.\n\n"
            + to_markdown([table_header(numbers), *lines])
        )
    return "\n".join(parts)
