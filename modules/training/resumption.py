"""Resumes a training from what an interrupted attempt at the same training has left.

A killed attempt leaves its checkpoints in a ModelRun artifact that never became complete. The next
attempt gets an artifact of its own and takes that folder over. The training's identity is written
into the folder before the first step.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from modules.core.atomic_files import write_atomically
from modules.core.hashing import hash_folders
from modules.training.record import TRAINING_FILE

IDENTITY_FILE = "training_identity"


def training_identity(settings: Mapping[str, Any], inputs: Sequence[str]) -> str:
    """Sums up everything that a training depends on.

    Args:
        settings: Parameters as JSON values, with the seed and the code's fingerprint.
        inputs: Folders that the training reads. Their contents count, not their place.

    Returns:
        SHA-256 in hexadecimal.
    """
    text = f"{json.dumps(dict(settings), sort_keys=True)} {hash_folders(inputs)}"
    return hashlib.sha256(text.encode()).hexdigest()


def open_run_directory(run_directory: str, identity: str) -> None:
    """Makes a run directory hold an earlier attempt at this training, or nothing.

    The attempt is looked for in the directory itself and then, on a local disk, beside it. A
    training with a record is complete and never touched.

    Args:
        run_directory: The ModelRun artifact to fill; made if missing.
        identity: The training's identity, see `training_identity`.
    """
    if _read_identity(run_directory) == identity:
        return
    _clear(run_directory)
    left = _find_interrupted(run_directory, identity)
    if left:
        if tf.io.gfile.exists(run_directory):
            tf.io.gfile.rmtree(run_directory)
        tf.io.gfile.rename(left, run_directory)
        return
    tf.io.gfile.makedirs(run_directory)
    write_atomically(os.path.join(run_directory, IDENTITY_FILE), identity)


def _find_interrupted(run_directory: str, identity: str) -> str | None:
    path = run_directory.rstrip("/")
    # A link leads to a volume that belongs to this training alone.
    if "://" in path or os.path.islink(path):
        return None
    parent = os.path.dirname(path)
    for name in sorted(os.listdir(parent)) if os.path.isdir(parent) else ():
        sibling = os.path.join(parent, name)
        complete = os.path.exists(os.path.join(sibling, TRAINING_FILE))
        if _read_identity(sibling) == identity and not complete:
            return sibling
    return None


def _read_identity(directory: str) -> str | None:
    path = os.path.join(directory, IDENTITY_FILE)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        return str(file.read())


def _clear(directory: str) -> None:
    for name in tf.io.gfile.listdir(directory) if tf.io.gfile.isdir(directory) else ():
        path = os.path.join(directory, name)
        if tf.io.gfile.isdir(path):
            tf.io.gfile.rmtree(path)
        else:
            tf.io.gfile.remove(path)
