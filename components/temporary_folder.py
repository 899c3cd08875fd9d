"""A folder for unfinished output; removing it never hides why the work failed."""

from __future__ import annotations

import contextlib
import logging
import os
import uuid
from collections.abc import Iterator

from tfx.dsl.io import fileio


@contextlib.contextmanager
def temporary_folder(path: str) -> Iterator[str]:
    """Makes a folder and removes it in the end.

    Args:
        path: Where the folder stands, for all workers to reach. What an earlier, killed attempt
            left there is removed first.

    Yields:
        The path.
    """
    remove(path)
    fileio.makedirs(path)
    try:
        yield path
    except BaseException:
        discard(path)
        raise
    remove(path)


def remove(*paths: str) -> None:
    """Removes files and folders, if they exist."""
    for path in paths:
        if fileio.isdir(path):
            fileio.rmtree(path)
        elif fileio.exists(path):
            fileio.remove(path)


def discard(*paths: str) -> None:
    """Removes what it can after a failure; other workers may still be writing."""
    for path in paths:
        try:
            remove(_set_aside(path))
        except Exception as error:
            logging.warning("%s could not be removed: %s", path, error)


def _set_aside(path: str) -> str:
    """Renames a local folder, so that no worker can put another file into it."""
    if "://" in path or not os.path.isdir(path):
        return path
    aside = f"{path}.discarded-{uuid.uuid4().hex}"
    os.rename(path, aside)
    return aside
