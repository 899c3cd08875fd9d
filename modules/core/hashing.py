"""Hashes of files and folders, to detect changes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence

import tensorflow as tf

_CHUNK_BYTES = 1 << 20


def hash_folders(folders: Sequence[str]) -> str:
    """Hashes the names and contents of all files below some folders, wherever the folders are.

    On object stores it takes sizes and times instead of contents, which it would have to download.

    Args:
        folders: Local folders, or URIs that TensorFlow's file systems know; their order counts.

    Returns:
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for number, folder in enumerate(folders):
        for path in files_below(folder):
            state = _remote_state(path) if "://" in path else hash_file(path)
            digest.update(f"{number} {os.path.relpath(path, folder)!a} {state}\n".encode())
    return digest.hexdigest()


def hash_file(path: str) -> str:
    """Hashes a file's bytes: SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with tf.io.gfile.GFile(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def files_below(folder: str) -> Iterator[str]:
    """Yields the paths of all files below a folder, in an order that depends on names only."""
    for parent, folders, names in tf.io.gfile.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield os.path.join(parent, name)


def _remote_state(path: str) -> str:
    state = tf.io.gfile.stat(path)
    return f"{state.length} {state.mtime_nsec}"
