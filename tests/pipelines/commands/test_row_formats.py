"""Rows as text: every name is shown, none is obeyed."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rich.cells import cell_len

from pipelines.commands.row_formats import format_csv, format_json, format_table
from tests.report_domain import HOSTILE_NAMES

NAMES = [*HOSTILE_NAMES, "\x1b[31mred\x1b[0m", "[red]markup[/]", "\x9b31m", "\N{UNICORN FACE}" * 90]
COLUMNS = {"image": "image", "class": "class", "probability": "probability"}


def row(name: str) -> dict[str, object]:
    return {"image": f"images/{name}", "class": name, "probability": 0.5}


def assert_harmless(text: str) -> None:
    assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
    text.encode()


def test_a_table_shows_hostile_names_within_80_columns() -> None:
    text = format_table([row(name) for name in NAMES], COLUMNS, {"image": 20, "class": 10})
    assert_harmless(text)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert text.count("x") >= 600
    assert text.count("\N{UNICORN FACE}") == 182
    assert "[red]markup[/]" in text


def test_a_table_begins_and_ends_without_empty_lines() -> None:
    lines = format_table([row("a")], COLUMNS, {"image": 20, "class": 10}).split("\n")
    assert lines[0].split() == ["image", "class", "probability"]
    assert lines[-2].split() == ["images/a", "a", "50.0%"]
    assert lines[-1] == ""


def test_csv_keeps_one_line_a_row_and_every_name_readable() -> None:
    text = format_csv([row(name) for name in NAMES], list(COLUMNS))
    assert_harmless(text)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(text.splitlines()) - 1 == len(NAMES)
    assert rows[0]["class"] == HOSTILE_NAMES[0]


def test_json_has_each_name_as_it_is_in_ascii() -> None:
    text = format_json({"predictions": [row(name) for name in NAMES]})
    assert_harmless(text)
    assert text.isascii()
    assert [each["class"] for each in json.loads(text)["predictions"]] == NAMES


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_no_name_as_a_formula(name: str) -> None:
    (found,) = csv.DictReader(io.StringIO(format_csv([row(name)], list(COLUMNS))))
    assert found["class"].startswith("'")


@pytest.mark.parametrize("name", ["-1", "+1", "-2.5", "7", "a=b"])
def test_numbers_and_harmless_names_stay_as_they_are(name: str) -> None:
    (found,) = csv.DictReader(io.StringIO(format_csv([row(name)], list(COLUMNS))))
    assert found["class"] == name
