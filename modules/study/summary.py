"""Mean and spread over a study's repeats, by method and shots, as tables."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from modules.core.csv_text import csv_text
from modules.core.wording import count
from modules.study.cells import ZERO_SHOT, CellResult


class _OfMethodAndShots(Protocol):
    @property
    def method(self) -> str: ...

    @property
    def shots(self) -> int: ...


_Row = TypeVar("_Row", bound=_OfMethodAndShots)


@dataclass(frozen=True)
class SummaryRow:
    """One method with one number of shots.

    Attributes:
        method: Name of a transfer method, or `scratch`.
        shots: Labelled target examples per class.
        accuracies: Target accuracy of each repeat, in order.
    """

    method: str
    shots: int
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean accuracy over the repeats."""
        return statistics.fmean(self.accuracies)

    @property
    def sd(self) -> float | None:
        """Sample standard deviation over the repeats; None for a single repeat."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else None

    def __str__(self) -> str:
        spread = "" if self.sd is None else f" ± {100 * self.sd:.1f}"
        return f"{100 * self.mean:.1f}{spread}"


def summarize(results: Iterable[CellResult], shots: Sequence[int]) -> list[SummaryRow]:
    """Groups results by method and shots.

    Args:
        results: Results of finished cells.
        shots: The study's numbers of shots. `zero_shot`, which does not depend on them, gets a row
            for each.

    Returns:
        The rows, ordered by the method's mean with its most shots, best first, then by shots.
    """
    groups: dict[tuple[str, int], list[CellResult]] = defaultdict(list)
    for result in sorted(results, key=lambda result: result.cell.repeat):
        numbers = shots if result.cell.method == ZERO_SHOT else [result.cell.shots]
        for number in numbers:
            groups[result.cell.method, number].append(result)
    rows = [
        SummaryRow(method, number, tuple(result.accuracy for result in group))
        for (method, number), group in groups.items()
    ]
    last = {row.method: row.mean for row in sorted(rows, key=lambda row: row.shots)}
    return sorted(rows, key=lambda row: (-last[row.method], row.method, row.shots))


def to_csv(rows: Iterable[SummaryRow]) -> str:
    """Writes rows as CSV with a header. Accuracies are shares in full precision."""
    lines = []
    for row in rows:
        values = row.accuracies
        sd = "" if row.sd is None else row.sd
        lines.append([row.method, row.shots, len(values), row.mean, sd, min(values), max(values)])
    return csv_text(["method", "shots", "repeats", "mean", "sd", "min", "max"], lines)


def by_method_and_shots(
    rows: Sequence[_Row],
) -> tuple[list[int], dict[str, list[_Row | None]]]:
    """Arranges rows of `summarize`, or what is derived from them, as a grid.

    Returns:
        The numbers of shots, and for each method its rows in that order; None where it has none.
    """
    numbers = sorted({row.shots for row in rows})
    places = {(row.method, row.shots): row for row in rows}
    methods = dict.fromkeys(row.method for row in rows)
    return numbers, {
        method: [places.get((method, number)) for number in numbers] for method in methods
    }


def table_header(numbers: Sequence[int]) -> list[str]:
    """Names the columns of a table by method and shots."""
    return ["method", *(count(number, "shot") for number in numbers)]


def to_table(rows: Sequence[SummaryRow]) -> list[list[str]]:
    """Writes rows of `summarize` as a table: the header, then a line for each method.

    Cells are `mean ± sd` in percent, or empty.
    """
    numbers, grid = by_method_and_shots(rows)
    return [table_header(numbers)] + [
        [method, *(str(row) if row else "" for row in cells)] for method, cells in grid.items()
    ]


def to_markdown(table: Sequence[Sequence[str]]) -> str:
    """Writes a table of text as Markdown; its first line is the header."""
    header, *lines = (f"| {' | '.join(cells)} |\n" for cells in table)
    rule = f"|{'---|' + '---:|' * (len(table[0]) - 1)}\n"
    return "".join([header, rule, *lines])
