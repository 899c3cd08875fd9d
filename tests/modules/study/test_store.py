"""Finished cells stay, whole, and apart from those of other settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modules.core.errors import DataError
from modules.study.cells import Cell, CellResult
from modules.study.store import CellStore

ONE, TWO = Cell(0, 1, "joint"), Cell(1, 1, "joint")
IDENTITY = "0123456789abcdef" * 4


def result(cell: Cell, correct: int = 3) -> CellResult:
    return CellResult(cell, correct, total=4, seconds=0.5)


def test_a_kept_result_is_found_again_and_others_are_missing(tmp_path: Path) -> None:
    CellStore(tmp_path, IDENTITY).keep(result(ONE))
    assert CellStore(tmp_path, IDENTITY).finished([TWO, ONE]) == [result(ONE)]


def test_results_of_other_settings_are_neither_read_nor_lost(tmp_path: Path) -> None:
    CellStore(tmp_path, IDENTITY).keep(result(ONE))
    other = CellStore(tmp_path, "f" * 64)
    assert other.finished([ONE]) == []
    other.keep(result(ONE, correct=1))
    assert CellStore(tmp_path, IDENTITY).finished([ONE]) == [result(ONE)]


def test_a_half_written_file_is_no_result(tmp_path: Path) -> None:
    store = CellStore(tmp_path, IDENTITY)
    store.keep(result(ONE))
    (file,) = tmp_path.glob("*/*.json")
    file.rename(file.with_suffix(".partial"))
    assert store.finished([ONE]) == []


@pytest.mark.parametrize("content", ["", "[]", '{"cell": {}}', '{"cell": {"repeat": 0}, "x": 1}'])
def test_a_spoiled_file_is_named_with_its_remedy(tmp_path: Path, content: str) -> None:
    store = CellStore(tmp_path, IDENTITY)
    store.keep(result(ONE))
    (file,) = tmp_path.glob("*/*.json")
    file.write_text(content)
    with pytest.raises(DataError, match=rf"{file.name}.*Remove the file"):
        store.finished([ONE])


def test_the_result_of_another_cell_is_found_out(tmp_path: Path) -> None:
    store = CellStore(tmp_path, IDENTITY)
    store.keep(result(ONE))
    (file,) = tmp_path.glob("*/*.json")
    values = json.loads(file.read_text())
    values["cell"]["repeat"] = 7
    file.write_text(json.dumps(values))
    with pytest.raises(DataError, match="joint-1-shots-repeat-7"):
        store.finished([ONE])
