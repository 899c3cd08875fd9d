"""Class names that lie beside data whose labels are numbers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection

from modules.core.errors import DataError
from modules.sources.files import check_stays_inside, explained, open_file

CLASS_NAMES_FILE = "classes.txt"


def read_class_names_file(folder: str, names: Collection[str]) -> tuple[str, ...] | None:
    """Reads `classes.txt`: a class name a line, in label order, UTF-8.

    Args:
        folder: Folder of the domain.
        names: What lies in the folder.

    Returns:
        The names; None where there is no such file.

    Raises:
        DataError: The file cannot be read, has an empty line or a name twice.
    """
    if CLASS_NAMES_FILE not in names:
        return None
    path = os.path.join(folder, CLASS_NAMES_FILE)
    check_stays_inside(path, folder)
    with explained(path), open_file(path) as file:
        lines = [line.strip() for line in file.read().decode("utf-8-sig").splitlines()]
    problem = "no line" if not lines else ""
    if "" in lines:
        problem = f"line {lines.index('') + 1} empty"
    elif repeated := [name for name, count in Counter(lines).items() if count > 1]:
        problem = f"'{repeated[0]}' twice"
    if problem:
        raise DataError(
            path,
            expected="one class name a line, in label order, and none twice",
            found=problem,
            fix="Correct the file, or remove it and list the `classes` of this domain.",
        )
    return tuple(lines)
