"""A fingerprint of a model to import, so that another file never hits a stale cache."""

from __future__ import annotations

import glob
import hashlib
import os

from modules.core.errors import DataError
from modules.core.hashing import hash_file, hash_folders
from modules.models.imported.found import find_model_to_import


def fingerprint_model(path: str) -> str:
    """Hashes the files of the model at a path.

    Returns:
        SHA-256 in hexadecimal; empty where the path is on no disk of this machine, as it may be
        where a pipeline is compiled for a cluster.
    """
    try:
        found = find_model_to_import(path)
    except DataError:
        return ""
    if os.path.isdir(found.path):
        return hash_folders([found.path])
    files = sorted(glob.glob(f"{glob.escape(found.path)}*"))
    if os.path.isfile(found.path):
        files = [found.path]
    text = "".join(f"{os.path.basename(file)} {hash_file(file)}\n" for file in files)
    return hashlib.sha256(text.encode()).hexdigest()
