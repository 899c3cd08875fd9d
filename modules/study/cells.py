"""The cells of a study: its trainings and their results."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

ZERO_SHOT = "zero_shot"
PROBE = "probe"


@dataclass(frozen=True, order=True)
class Cell:
    """One training.

    Attributes:
        repeat: 0-based; added to the study's seed.
        shots: Labelled target examples per class.
        method: Name of a transfer method, `auto`, or a control: `scratch` or `probe`.
    """

    repeat: int
    shots: int
    method: str

    @property
    def key(self) -> str:
        """The cell's name, for file names."""
        return f"{self.method}-{self.shots}-shots-repeat-{self.repeat}"


@dataclass(frozen=True)
class CellResult:
    """The result of a cell.

    Attributes:
        cell: The cell.
        correct: Target eval examples that the network gets right.
        total: All target eval examples.
        seconds: Wall time, from restoring to evaluating.
    """

    cell: Cell
    correct: int
    total: int
    seconds: float

    @property
    def accuracy(self) -> float:
        """Share of the target eval examples that the network gets right."""
        return self.correct / self.total


def plan_cells(
    methods: Sequence[str], shots: Sequence[int], repeats: int, need_labels: Collection[str]
) -> list[Cell]:
    """Plans a study repeat by repeat, so that an unfinished one is a smaller study.

    Args:
        methods: Names of transfer methods, `auto`, `scratch` and `probe`.
        shots: Labelled target examples per class.
        repeats: Trainings of each method with each number of shots.
        need_labels: Methods that cannot train without labels. They are left out at 0 shots.

    Returns:
        The cells, each once. `zero_shot` is a single cell: the pretrained model depends on neither
        shots nor repeat.

    Example:
        >>> [cell.key for cell in plan_cells(["scratch"], [0, 5], 1, {"scratch"})]
        ['scratch-5-shots-repeat-0']
    """
    cells = [Cell(0, 0, ZERO_SHOT)] if ZERO_SHOT in methods else []
    for repeat in range(repeats):
        for number in sorted(set(shots)):
            cells += [
                Cell(repeat, number, method)
                for method in dict.fromkeys(methods)
                if method != ZERO_SHOT and (number > 0 or method not in need_labels)
            ]
    return cells
