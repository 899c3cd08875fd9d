"""What hears of a study while it works."""

from __future__ import annotations

from modules.study.cells import CellResult
from pipelines.running.observer import RunObserver


class CellObserver:
    """Hears of finished cells inside a `with` block, and by itself makes nothing of it."""

    def __enter__(self) -> CellObserver:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def finished(self, result: CellResult) -> None:
        """Hears of one more finished cell."""


class StudyObserver:
    """Makes what hears of a study's two parts."""

    def of_pipeline(self) -> RunObserver:
        """Returns what hears of the pipeline that all cells share."""
        return RunObserver()

    def of_cells(self, total: int, kept: int) -> CellObserver:
        """Returns what hears of the cells.

        Args:
            total: Number of cells.
            kept: Number of cells that an earlier study finished.
        """
        del total, kept
        return CellObserver()
