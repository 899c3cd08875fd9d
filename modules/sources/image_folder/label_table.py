"""Images that a table lists: `labels.csv` with the columns file and label, split and a group."""

from __future__ import annotations

import csv
import io
import os
import posixpath
from collections.abc import Sequence

from modules.core.errors import DataError
from modules.core.wording import count, listed
from modules.sources.detection import LABEL_TABLE, is_image_name
from modules.sources.files import walk_files
from modules.sources.image_files import read_image
from modules.sources.image_folder.content import FolderContent, LabelledFile
from modules.sources.image_folder.split_names import (
    EVAL_NAMES,
    TRAIN_NAMES,
    choose_split_names,
    is_split_name,
)

GROUP_COLUMN = "group"
_FILE, _LABEL, _SPLIT = "file", "label", "split"
_DELIMITERS = ",;\t"
_MOST_PROBLEMS = 1000


def read_label_table(folder: str, group_column: str | None = None) -> FolderContent:
    """Reads a folder's `labels.csv`, and finds the files that it lists; no image is opened.

    The table is UTF-8, with commas, semicolons or tabs. Its first row names the columns; others
    than file, label, split and group are ignored. Files are relative to the folder, or to its only
    folder if they are not there. A split is `train` or a name of the eval split. Where no row has
    one, it is left open.

    Args:
        folder: The domain's folder.
        group_column: The column of the groups, which the table must have; None takes `group` if
            there is one.

    Raises:
        DataError: The table is not readable.
    """
    content = FolderContent()
    path = os.path.join(folder, LABEL_TABLE)
    content.columns, rows = _read_rows(path)
    group = _find_column(path, content.columns, group_column)
    present = set(walk_files(folder, "", content.problems))
    base = _base(folder, rows, present)
    splits = choose_split_names({row[_SPLIT] for row in rows if row[_SPLIT]})
    is_split = any(row[_SPLIT] for row in rows)
    seen: set[str] = set()
    for number, row in enumerate(rows, 2):  # The first row names the columns.
        if len(content.problems) >= _MOST_PROBLEMS:
            break
        name = posixpath.normpath(base + row[_FILE]) if row[_FILE] else ""
        problem = _problem(row, name, present, seen, is_split)
        if problem:
            expected, found, fix = problem
            place = f"{path}, row {number}"
            content.problems.append(DataError(place, expected=expected, found=found, fix=fix))
            continue
        seen.add(name)
        split = splits.split_of(row[_SPLIT])
        if split or not is_split:
            content.files.append(LabelledFile(name, row[_LABEL], split, row.get(group) or None))
    if splits.unused:
        content.notes.append(f"Not used: the images of the splits {listed(splits.unused)}.")
    unlisted = sum(is_image_name(name) and name not in seen for name in present)
    if unlisted and not content.problems:
        content.notes.append(f"Left out: {count(unlisted, 'image')} that {LABEL_TABLE} lacks.")
    return content


def _problem(
    row: dict[str, str], name: str, present: set[str], seen: set[str], is_split: bool
) -> tuple[str, str, str] | None:
    """What is expected, what is found and what to do; None for a sound row."""
    if not name:
        return "a file", "none", "Fill the column, or remove the row."
    if not row[_LABEL]:
        return "a label", "none", "Fill the column, or remove the row."
    if name not in present:
        fix = "Correct the name, which is relative to the folder, or remove the row."
        return "a file in the folder", repr(row[_FILE]), fix
    if name in seen:
        return "each file once", f"{row[_FILE]!r} again", "Remove one of the rows."
    if is_split and not is_split_name(row[_SPLIT]):
        expected = f"a split: {', '.join((*TRAIN_NAMES, *EVAL_NAMES))}"
        return expected, repr(row[_SPLIT]), "Correct the column, or leave it empty in all rows."
    return None


def _find_column(path: str, columns: Sequence[str], name: str | None) -> str:
    wanted = GROUP_COLUMN if name is None else name.strip().lower()
    if name is not None and wanted not in columns:
        raise DataError(
            path,
            expected=f"a column {wanted!r}, which the domain's `group` names",
            found=f"the columns {listed(columns)}",
            fix="Name one of them, or give a regular expression on file names, with the group in "
            "parentheses.",
        )
    return wanted


def _read_rows(path: str) -> tuple[list[str], list[dict[str, str]]]:
    """Reads the names of the columns, and the rows by these names."""
    try:
        text = read_image(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(
            path, expected="text in UTF-8", found="other bytes", fix="Save it as UTF-8."
        ) from None
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _check_columns(path, columns)
        rows = []
        for row in reader:
            values = dict(zip(columns, (value.strip() for value in row), strict=False))
            if any(values.values()):
                values[_SPLIT] = values.get(_SPLIT, "").lower()
                rows.append({_FILE: "", _LABEL: "", **values})
        return columns, rows
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}",
            expected="a table of comma-separated values",
            found=str(error),
            fix="Correct the line.",
        ) from None


def _check_columns(path: str, columns: Sequence[str]) -> None:
    if {_FILE, _LABEL} <= set(columns):
        return
    raise DataError(
        path,
        expected=f"a first row that names the columns {_FILE} and {_LABEL}",
        found=listed(columns) or "none",
        fix="Rename the columns, or remove the table if the images are in class folders.",
    )


def _base(folder: str, rows: Sequence[dict[str, str]], present: set[str]) -> str:
    """Where the files are: in the folder itself, or in its only folder."""
    first = next((row[_FILE] for row in rows if row[_FILE]), "")
    tops = {name.partition("/")[0] for name in present if "/" in name}
    if posixpath.normpath(first) not in present and len(tops) == 1:
        inner = f"{tops.pop()}/"
        if posixpath.normpath(inner + first) in present:
            return inner
    return ""
