"""Images in class folders: `train/<class>/...` and `eval/<class>/...`, or `<class>/...` alone."""

from __future__ import annotations

import os
from collections.abc import Sequence

from modules.core.errors import DataError
from modules.core.wording import listed
from modules.sources.detection import IMAGE_SUFFIXES, is_image_name
from modules.sources.files import check_stays_inside, is_folder, list_folder, walk_files
from modules.sources.image_folder.content import FolderContent, LabelledFile
from modules.sources.image_folder.split_names import choose_split_names, is_split_name


def read_class_folders(folder: str) -> FolderContent:
    """Lists the images of a folder by its names; no image is opened.

    A class folder may hold further folders: their images belong to the class.

    Raises:
        DataError: The layout is not understood.
    """
    content = FolderContent()
    names = list_folder(folder)
    folders = [name for name in names if is_folder(os.path.join(folder, name))]
    splits = choose_split_names(name for name in folders if _holds_classes(folder, name))
    if splits.train is None and splits.evaluation is None:
        _refuse_unsorted(folder, names, folders)
        _read_classes(content, folder, "", None)
        return content
    if splits.train is None:
        raise DataError(
            folder,
            expected="a folder 'train' with one folder for each class",
            found=listed(names),
            fix="Put images into train/<class>/.",
        )
    unused = [name for name in folders if splits.split_of(name) is None]
    if unused:
        used = ", ".join(filter(None, (splits.train, splits.evaluation)))
        content.notes.append(f"Of the folders, {used} are used; not used: {listed(unused)}.")
    for name in filter(None, (splits.train, splits.evaluation)):
        _read_classes(content, folder, name, splits.split_of(name))
    return content


def _holds_classes(folder: str, name: str) -> bool:
    """Whether a folder named like a split is one, and not a class of that name."""
    if not is_split_name(name):
        return False
    path = os.path.join(folder, name)
    names = list_folder(path)
    others = [name for name in names if not is_image_name(name)]
    return len(names) == len(others) or any(is_folder(os.path.join(path, it)) for it in others)


def _refuse_unsorted(folder: str, names: Sequence[str], folders: Sequence[str]) -> None:
    if len(folders) == 1 and not any(
        map(is_image_name, list_folder(os.path.join(folder, folders[0])))
    ):
        raise DataError(
            folder,
            expected="one folder for each class",
            found=f"only {folders[0]}",
            fix=f"If the classes are in it, pass {os.path.join(folder, folders[0])}.",
        )
    if not folders:
        raise DataError(
            folder,
            expected="one folder for each class",
            found="images without a class"
            if any(map(is_image_name, names))
            else listed(names) or "an empty folder",
            fix="Sort the images into <class>/, or list them in labels.csv.",
        )


def _read_classes(content: FolderContent, root: str, start: str, split: str | None) -> None:
    """Reads the class folders below `start`, a split's folder or the root itself."""
    folder = os.path.join(root, start) if start else root
    try:
        check_stays_inside(folder, root)
    except DataError as error:
        content.problems.append(error)
        return
    names = list_folder(folder)
    for name in names:
        path = os.path.join(folder, name)
        if is_folder(path):
            _read_class(content, root, f"{start}/{name}" if start else name, name, split)
        elif is_image_name(name):
            content.refused.append(
                _refusal(path, "an image in a class folder", "an image without a class")
            )
    if not names:
        content.problems.append(
            DataError(
                folder,
                expected="one folder for each class",
                found="an empty folder",
                fix=f"Put images into {start or root}/<class>/.",
            )
        )


def _read_class(
    content: FolderContent, root: str, start: str, class_name: str, split: str | None
) -> None:
    path = os.path.join(root, start)
    known_problems, known_refused = len(content.problems), len(content.refused)
    try:
        check_stays_inside(path, root)
    except DataError as error:
        content.problems.append(error)
        return
    found = 0
    for name in walk_files(root, start, content.problems):
        if is_image_name(name):
            content.files.append(LabelledFile(name, class_name, split))
            found += 1
        else:
            content.refused.append(
                _refusal(
                    os.path.join(root, name),
                    f"only images ({', '.join(IMAGE_SUFFIXES)}) in a class folder",
                    "another file",
                )
            )
    if not found and len(content.problems) == known_problems:
        content.problems.append(
            DataError(
                path,
                expected="at least one image",
                found="none" if len(content.refused) > known_refused else "an empty folder",
                fix="Add images of this class, or remove the folder.",
            )
        )


def _refusal(path: str, expected: str, found: str) -> str:
    return str(DataError(path, expected=expected, found=found, fix="Convert, move or remove it."))
