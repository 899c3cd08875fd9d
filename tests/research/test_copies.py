"""The study of the search for copies, at a small scale."""

from __future__ import annotations

import pytest

from research.copies.search import COPIES, detection_table, measure_search


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    return detection_table(["latin"])


def test_of_large_drawings_every_copy_is_found(table: list[list[str]]) -> None:
    assert table[0] == ["copy", "latin: 260 of 105x105"]
    assert table[1:-1] == [[name, "100.0%"] for name in COPIES]


def test_different_drawings_of_the_same_letters_are_no_copies(table: list[list[str]]) -> None:
    assert table[-1][1:] == ["0"]


def test_the_search_is_measured_as_the_pipeline_runs_it() -> None:
    header, *rows = measure_search(100)
    assert header == ["step", "seconds", "peak memory, GiB"]
    assert rows[1][0] == "read and sign 10,100 images"
    assert rows[-1][0] == "confirm 0 pairs"
    assert float(rows[-1][2]) >= float(rows[0][2]) > 0
