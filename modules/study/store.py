"""Finished cells on disk, one file each, so that an interrupted study can resume."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError, one_line
from modules.study.cells import Cell, CellResult

_DIGITS = 16  # of the identity, in the name of the folder


class CellStore:
    """Results of the cells of one study.

    Args:
        folder: Folder of the results of any number of studies.
        identity: Fingerprint, in hexadecimal, of the settings, code and data that results depend
            on. Results of another identity are neither read nor removed.
        code: Fingerprints of the methods whose code the identity does not cover, by method.
    """

    def __init__(self, folder: Path, identity: str, code: Mapping[str, str] | None = None) -> None:
        self._folder = folder / identity[:_DIGITS]
        self._code = code or {}

    def finished(self, cells: Iterable[Cell]) -> list[CellResult]:
        """Reads the results of the finished ones among some cells, in their order.

        Raises:
            DataError: `keep` did not write a file.
        """
        return [self._read(cell) for cell in cells if self._path(cell).exists()]

    def keep(self, result: CellResult) -> None:
        """Writes the result of a finished cell in one step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path(result.cell), json.dumps(asdict(result)) + "\n")

    def _read(self, cell: Cell) -> CellResult:
        path = self._path(cell)
        refused = partial(DataError, str(path), fix="Remove the file to run its cell again.")
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            result = CellResult(**{**values, "cell": Cell(**values["cell"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            found = one_line(error)[:200]
            raise refused(expected="the result of a finished cell", found=found) from error
        if result.cell != cell:
            raise refused(expected=f"the result of {cell.key}", found=f"that of {result.cell.key}")
        return result

    def _path(self, cell: Cell) -> Path:
        code = self._code.get(cell.method)
        return self._folder / (f"{cell.key}-{code}.json" if code else f"{cell.key}.json")
