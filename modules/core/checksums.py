"""`SHA256SUMS`, as `sha256sum` reads it: proves that files are still what was written."""

from __future__ import annotations

import os
from collections.abc import Iterable

import tensorflow as tf

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError
from modules.core.hashing import files_below, hash_file

CHECKSUMS_FILE = "SHA256SUMS"


def write_checksums(root: str, folders: Iterable[str] = ("",), *, place: str | None = None) -> None:
    """Writes `SHA256SUMS` for all files below some folders, in one step.

    Args:
        root: The folder that the names in it are relative to.
        folders: Below `root`; by default all of it.
        place: The folder to write it into; None takes `root`.
    """
    lines = [
        f"{hash_file(member)}  {os.path.relpath(member, root)}\n"
        for folder in folders
        for member in files_below(os.path.join(root, folder))
    ]
    write_atomically(os.path.join(place or root, CHECKSUMS_FILE), "".join(lines))


def check_checksums(root: str, fix: str) -> None:
    """Refuses a folder whose files are not those that `write_checksums` saw.

    Call it before loading anything of a model: a SavedModel is a program.

    Args:
        root: A folder with `SHA256SUMS`.
        fix: What the user can do if it is refused.

    Raises:
        DataError: A file was changed or removed, or the folder was never complete.
    """
    path = os.path.join(root, CHECKSUMS_FILE)
    lines = []
    if tf.io.gfile.exists(path):
        with tf.io.gfile.GFile(path) as file:
            lines = file.read().splitlines()
    if not lines:
        raise DataError(path, expected="the checksums of the model", found="none", fix=fix)
    for line in lines:
        expected, _, name = line.partition("  ")
        member = os.path.join(root, name)
        found = "nothing"
        if name and tf.io.gfile.exists(member):
            digest = hash_file(member)
            if digest == expected:
                continue
            found = f"{digest[:12]}: it was changed since"
        raise DataError(
            member,
            expected=f"what was written, with SHA-256 {expected[:12]}",
            found=found,
            fix=fix,
        )
