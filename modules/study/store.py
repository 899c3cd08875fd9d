"""Finished cells on disk, one file each, so that a study goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError, one_line
from modules.study.cells import Cell, CellResult

_DIGITS = 16  # of the identity, in the folder's name


class CellStore:
    """Results of the cells of one study.

    Args:
        folder: Where the results of any number of studies lie.
        identity: Stands for everything but the cell that a result depends on: settings, code and
            data, in hexadecimal. Results of another identity are neither read nor removed.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder = folder / identity[:_DIGITS]

    def finished(self, cells: Iterable[Cell]) -> list[CellResult]:
        """Reads the results of those cells that have one.

        Args:
            cells: Which ones.

        Returns:
            Their results, in the order of the cells.

        Raises:
            DataError: A file is not what `keep` wrote.
        """
        return [self._read(cell) for cell in cells if self._path(cell).exists()]

    def keep(self, result: CellResult) -> None:
        """Writes a result in one step: it is there whole, or not at all.

        Args:
            result: Of a finished cell.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path(result.cell), json.dumps(asdict(result)) + "\n")

    def _read(self, cell: Cell) -> CellResult:
        path = self._path(cell)
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            result = CellResult(**{**values, "cell": Cell(**values["cell"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                str(path),
                expected="the result of a finished cell",
                found=one_line(error)[:200],
                fix="Remove the file; its cell is then run again.",
            ) from error
        if result.cell != cell:
            raise DataError(
                str(path),
                expected=f"the result of {cell.key}",
                found=f"that of {result.cell.key}",
                fix="Remove the file; its cell is then run again.",
            )
        return result

    def _path(self, cell: Cell) -> Path:
        return self._folder / f"{cell.key}.json"
