"""What identifies an artifact: its place and the fingerprint of its content."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

import tensorflow as tf

from modules.models.artifact import checkpoint_dir
from modules.models.checkpointing import FINGERPRINT, read_checkpoint_metadata


@dataclass(frozen=True)
class ArtifactFact:
    """What identifies an artifact.

    Attributes:
        key: Its key in `modules.report.contract.REPORT_INPUTS`.
        uri: Its root folder.
        type_name: Its TFX type.
        id: Its id in ML Metadata; 0 if unknown.
        fingerprint: Fingerprint of its content.
    """

    key: str
    uri: str
    type_name: str
    id: int
    fingerprint: str


def weights_fingerprint(model_uri: str) -> str:
    """Returns the SHA-256 of a Model artifact's weights.

    Raises:
        DataError: The artifact holds no complete checkpoint.
    """
    return str(read_checkpoint_metadata(checkpoint_dir(model_uri))[FINGERPRINT])


def content_fingerprint(uri: str) -> str:
    """Hashes all files under a folder by relative path and content.

    Training checkpoints are left out: they are large, and the model that they lead to has its own
    fingerprint.

    Args:
        uri: The folder.

    Returns:
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for folder, _, names in sorted(tf.io.gfile.walk(uri)):
        if os.path.basename(folder.rstrip("/")) == "training_checkpoints":
            continue
        for name in sorted(names):
            path = os.path.join(folder, name)
            with tf.io.gfile.GFile(path, "rb") as file:
                content = file.read()
            digest.update(f"{os.path.relpath(path, uri)} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()
