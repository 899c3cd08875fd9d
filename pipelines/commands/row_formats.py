"""Rows as a table for people, as CSV for spreadsheets or as JSON for programs."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from modules.core.csv_text import csv_text
from modules.core.wording import display_name

# Spreadsheets run such a cell as a formula, unless it is a number.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_WIDTH = 80  # where there is no terminal to ask

Row = Mapping[str, Any]


def format_table(
    rows: Sequence[Row], columns: Mapping[str, str], foldable: Mapping[str, int]
) -> str:
    """Draws a table as wide as the terminal, or 80 columns; long names are wrapped.

    Args:
        rows: Values by key. Control characters in names are replaced.
        columns: Headings by key. Columns of numbers are right-aligned.
        foldable: Minimum width, in characters, of the columns that may be wrapped. They share the
            room that the others leave.

    Returns:
        Lines of text.
    """
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    for key, heading in columns.items():
        is_number = bool(rows) and isinstance(rows[0][key], (int, float))
        table.add_column(
            heading,
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=key not in foldable,
            min_width=foldable.get(key),
        )
    for row in rows:
        table.add_row(*(Text(_cell(row[key])) for key in columns))
    text = io.StringIO()
    width = None if sys.stdout.isatty() else _WIDTH
    Console(file=text, width=width, color_system=None).print(table)
    lines = "\n".join(line.rstrip() for line in text.getvalue().splitlines())
    return lines.strip("\n") + "\n"


def format_csv(rows: Sequence[Row], keys: Sequence[str]) -> str:
    """Writes CSV that a spreadsheet may open.

    A name that a spreadsheet would run as a formula gets an apostrophe in front. Control characters
    are replaced. For the exact names, use JSON.
    """
    return csv_text(keys, ([_csv_cell(row[key]) for key in keys] for row in rows))


def format_json(document: Mapping[str, Any]) -> str:
    """Writes JSON in ASCII, which every terminal shows as it is."""
    return json.dumps(document, indent=2) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.1%}" if isinstance(value, float) else display_name(str(value))


def _csv_cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    shown = display_name(value)
    is_formula = _FORMULA.match(value) and not _NUMBER.fullmatch(value)
    return f"'{shown}" if is_formula else shown
