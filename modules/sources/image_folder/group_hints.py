"""What names of files, folders and columns suggest about images that belong together."""

from __future__ import annotations

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from modules.sources.grouping import group_like
from modules.sources.image_folder.content import FolderContent, LabelledFile
from modules.sources.image_folder.label_table import GROUP_COLUMN
from modules.sources.image_folder.split_names import is_split_name

# Fewer images in each would hardly change what is proven.
_FEWEST_IMAGES = 2
_MOST_WITHOUT = 0.2  # of the files


def find_group_hints(content: FolderContent) -> list[str]:
    """Finds columns, folders within classes and beginnings of names that several images share.

    Returns:
        Parts of sentences; those of names only where no column says it.
    """
    hints = [
        f"a column '{column}' of the table"
        for column in content.columns
        if column == GROUP_COLUMN or group_like([column])
    ]
    if hints:
        return hints
    for words, part in (
        ("folders inside the classes, such as {}", _inner_folder),
        ("names that begin alike, such as {}", _beginning),
    ):
        example = _shared(content.files, part)
        if example:
            hints.append(words.format(example))
    return hints


def _shared(
    files: Sequence[LabelledFile], part: Callable[[LabelledFile], str | None]
) -> str | None:
    """Returns a part of a name that images of a class share, if most images have such a part.

    A part that all images of a class and split share says nothing: then it is that class or split.
    """
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    classes = {f"{file.split}/{file.class_name}" for file in files}
    for file in files:
        found = part(file)
        if found is not None:
            shared[f"{file.split}/{file.class_name}", found].append(file.name)
    images = sum(map(len, shared.values()))
    if (
        images < (1.0 - _MOST_WITHOUT) * len(files)
        or len(shared) < 2 * len(classes)
        or images < _FEWEST_IMAGES * len(shared)
    ):
        return None
    (_, found), names = max(shared.items(), key=lambda each: (len(each[1]), each[0]))
    return f"'{found}' in {names[0]}"


def _inner_folder(file: LabelledFile) -> str | None:
    """The folders between the class and the file, if there are any."""
    folders = posixpath.dirname(file.name).split("/")
    if file.class_name not in folders:
        return None
    return "/".join(folders[folders.index(file.class_name) + 1 :]) or None


def _beginning(file: LabelledFile) -> str | None:
    """What stands before the last separator of a file's name."""
    stem, _ = os.path.splitext(posixpath.basename(file.name))
    match = re.fullmatch(r"(.*[^_\-. ])[_\-. ]+[^_\-. ]+", stem)
    return match[1] if match and not is_split_name(match[1]) else None
