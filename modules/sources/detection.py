"""Finds out by its names which format a folder of labelled images has."""

from __future__ import annotations

import os

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.wording import listed
from modules.sources.files import is_folder, list_folder

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
TFRECORD_SUFFIXES = (".tfrecord", ".tfrecord.gz")
_IDX_BEGINNINGS = ("train-images", "train-labels", "t10k-images", "t10k-labels")
_LAYOUTS = (
    "images in train/<class>/ and eval/<class>/, IDX files (train-images*, train-labels*, "
    "t10k-images*, t10k-labels*), or train*.tfrecord and eval*.tfrecord"
)


def is_image_name(name: str) -> bool:
    """Whether a file's name ends as a PNG's or JPEG's does."""
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
    folders = [name for name in names if is_folder(os.path.join(folder, name))]
    if TRAIN_SPLIT in folders or EVAL_SPLIT in folders:
        return "image_folder"
    raise _unknown_layout(folder, names, folders)


def _unknown_layout(folder: str, names: list[str], folders: list[str]) -> DataError:
    holders = [
        name for name in folders if any(map(is_image_name, list_folder(os.path.join(folder, name))))
    ]
    expected = "train/<class>/ and eval/<class>/"
    if holders:
        found = f"the classes themselves ({listed(holders)})"
        fix = (
            "Move the class folders into train/, then some images of each class, a fifth or more, "
            "into eval/<class>/."
        )
    elif any(map(is_image_name, names)):
        found = "images without a class"
        fix = "Sort the images into train/<class>/ and eval/<class>/."
    else:
        expected = _LAYOUTS
        found = listed(names) or "an empty folder"
        fix = "Arrange the data in one of these layouts, or pass another folder."
    return DataError(folder, expected=expected, found=found, fix=fix)
