"""How two models answered the same examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.evaluation.grouped_statistics import GroupTotals

Labels = npt.NDArray[np.integer[Any]]
Right = npt.NDArray[np.bool_]
Groups = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PairedCounts:
    """How a candidate and a baseline answered the same examples.

    Attributes:
        both: Examples that both got right.
        fixed: Examples that only the candidate got right.
        broken: Examples that only the baseline got right.
        neither: Examples that both got wrong.
        by_group: Fixed minus broken ones by group; None where each example stands for itself.
    """

    both: int
    fixed: int
    broken: int
    neither: int
    by_group: GroupTotals | None = None

    @property
    def total(self) -> int:
        """Number of examples."""
        return self.both + self.fixed + self.broken + self.neither

    @property
    def difference(self) -> float:
        """Accuracy of the candidate minus accuracy of the baseline; 0 without examples."""
        return (self.fixed - self.broken) / self.total if self.total else 0.0


def group_numbers(groups: npt.NDArray[Any]) -> Groups:
    """Numbers groups by their names, [N] of any type that sorts: int64 [N]."""
    return np.unique(groups, return_inverse=True)[1].reshape(-1).astype(np.int64)


def paired_counts(candidate: Right, baseline: Right, groups: Groups | None = None) -> PairedCounts:
    """Counts how two models answered the same examples.

    Args:
        candidate: Where the candidate is right, bool [N].
        baseline: Where the baseline is right, bool [N].
        groups: Number of each example's group, int64 [N]; None where each stands for itself.
    """
    both, fixed, broken, neither = (
        int(np.count_nonzero(cell)) for cell in _cells(candidate, baseline)
    )
    by_group = None
    if groups is not None:
        by_group = GroupTotals.of(candidate.astype(np.int64) - baseline, groups)
    return PairedCounts(both, fixed, broken, neither, by_group)


def paired_counts_by_class(
    labels: Labels,
    candidate: Right,
    baseline: Right,
    num_classes: int,
    groups: Groups | None = None,
) -> list[PairedCounts]:
    """Counts by class how two models answered the same examples.

    Args:
        labels: True classes, int [N], in [0, K).
        candidate: Where the candidate is right, bool [N].
        baseline: Where the baseline is right, bool [N].
        num_classes: K.
        groups: As for `paired_counts`.

    Returns:
        K counts, in label order.
    """
    if groups is not None:
        members = [labels == label for label in range(num_classes)]
        return [paired_counts(candidate[here], baseline[here], groups[here]) for here in members]
    cells = [
        np.bincount(labels[cell], minlength=num_classes).tolist()
        for cell in _cells(candidate, baseline)
    ]
    return [PairedCounts(*counts) for counts in zip(*cells, strict=True)]


def _cells(candidate: Right, baseline: Right) -> tuple[Right, Right, Right, Right]:
    return (
        candidate & baseline,
        candidate & ~baseline,
        ~candidate & baseline,
        ~candidate & ~baseline,
    )
