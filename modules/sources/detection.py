"""Finds out by its names which format a folder of labelled images has."""

from __future__ import annotations

import os

from modules.core.errors import DataError
from modules.core.wording import listed
from modules.sources.files import is_folder, list_folder

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
LABEL_TABLE = "labels.csv"
TFRECORD_SUFFIXES = (".tfrecord", ".tfrecord.gz")
_IDX_BEGINNINGS = ("train-images", "train-labels", "t10k-images", "t10k-labels")
_LAYOUTS = (
    "images in <class>/, in train/<class>/ and eval/<class>/ or listed in labels.csv, IDX files "
    "(train-images*, train-labels*, t10k-images*, t10k-labels*), or train*.tfrecord and "
    "eval*.tfrecord"
)


def is_image_name(name: str) -> bool:
    """Whether a file's name ends as that of an image does."""
    return name.lower().endswith(IMAGE_SUFFIXES)


def detect_format(folder: str) -> str:
    """Finds the format of a folder by the names in it, without opening a file.

    Returns:
        A name registered in `modules.sources.formats`.

    Raises:
        DataError: There is no such folder, or it has none of the layouts; the message says how to
            arrange what is there.

    Example:
        >>> detect_format("data/mnist")
        'idx'
    """
    names = list_folder(folder)
    if any(name.startswith(_IDX_BEGINNINGS) for name in names):
        return "idx"
    if any(name.endswith(TFRECORD_SUFFIXES) for name in names):
        return "tfrecord"
    if LABEL_TABLE in names or any(is_folder(os.path.join(folder, name)) for name in names):
        return "image_folder"
    if any(map(is_image_name, names)):
        raise DataError(
            folder,
            expected=_LAYOUTS,
            found="images without a class",
            fix="Sort the images into <class>/, or list them in labels.csv.",
        )
    raise DataError(
        folder,
        expected=_LAYOUTS,
        found=listed(names) or "an empty folder",
        fix="Arrange the data in one of these layouts, or pass another folder.",
    )
