"""Image files that a user names, one by one or by the folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from modules.core.errors import DataError
from modules.sources.detection import IMAGE_SUFFIXES, is_image_name
from modules.sources.encoded import MAX_ENCODED_BYTES
from modules.sources.files import explained, file_size, open_file


def find_images(paths: Iterable[str]) -> list[str]:
    """Lists the image files that some paths stand for, in the same order.

    A file stands for itself, whatever its name; a folder for all image files below it,
    sorted and without hidden ones.

    Raises:
        DataError: A path is missing, or a folder is unreadable or holds no image.
    """
    return [file for path in paths for file in _find_below(path)]


def read_image(path: str) -> bytes:
    """Reads an image file.

    Raises:
        DataError: It cannot be read, or is far too large to be an image.
    """
    with explained(path), open_file(path) as file:
        size = file_size(file)
        if size > MAX_ENCODED_BYTES:
            raise DataError(
                path,
                expected=f"up to {MAX_ENCODED_BYTES} bytes",
                found=f"{size} bytes",
                fix="Replace the image, or remove it.",
            )
        data: bytes = file.read()
    return data


def _find_below(path: str) -> list[str]:
    if not os.path.isdir(path):
        if not os.path.exists(path):
            raise DataError(path, expected="an image", found="nothing", fix="Check the path.")
        return [path]
    with explained(path):
        files = sorted(_walk(path))
    if not files:
        raise DataError(
            path,
            expected=f"images ({', '.join(IMAGE_SUFFIXES)}) in the folder or below",
            found="none",
            fix="Pass another folder, or the files themselves.",
        )
    return files


def _walk(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if is_image_name(name) and not name.startswith("."):
                yield os.path.join(parent, name)


def _raise(error: OSError) -> None:
    raise error
