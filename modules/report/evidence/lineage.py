"""Which artifact came from which, and how each is told from any other."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

import tensorflow as tf

from modules.models.artifact import checkpoint_dir
from modules.models.checkpointing import FINGERPRINT, read_checkpoint_metadata


@dataclass(frozen=True)
class Kinship:
    """Where an artifact of the pipeline comes from.

    Attributes:
        title: What it is called in the report.
        made_by: The step that makes it.
        parents: Keys of the artifacts that it is made from.
    """

    title: str
    made_by: str
    parents: tuple[str, ...] = ()


# By the names under which TransferReport takes the artifacts; parents come first.
KINSHIPS = {
    "source_examples": Kinship("Source examples", "ingestion"),
    "target_examples": Kinship("Target examples", "ingestion"),
    "source_anomalies": Kinship("Source validation", "validation", ("source_examples",)),
    "target_anomalies": Kinship(
        "Target validation", "validation", ("target_examples", "source_examples")
    ),
    "transform_graph": Kinship("Transform graph", "Transform", ("source_examples",)),
    "pretrained_model": Kinship(
        "Pretrained model", "pretraining", ("source_examples", "transform_graph")
    ),
    "pretrain_model_run": Kinship(
        "Pretraining's log", "pretraining", ("source_examples", "transform_graph")
    ),
    "scratch_model": Kinship(
        "Scratch model", "training from scratch", ("target_examples", "transform_graph")
    ),
    "scratch_model_run": Kinship(
        "Scratch training's log", "training from scratch", ("target_examples", "transform_graph")
    ),
    "warm_start_model": Kinship(
        "Warm-start model",
        "transfer",
        ("pretrained_model", "target_examples", "source_examples", "transform_graph"),
    ),
    "warm_start_model_run": Kinship(
        "Transfer's log",
        "transfer",
        ("pretrained_model", "target_examples", "source_examples", "transform_graph"),
    ),
    "mapping_report": Kinship("Mapping report", "transfer", ("pretrained_model",)),
    "evaluation": Kinship(
        "Evaluation",
        "evaluation",
        (
            "pretrained_model",
            "scratch_model",
            "warm_start_model",
            "target_examples",
            "source_examples",
        ),
    ),
    "blessing": Kinship("Blessing", "evaluation", ("evaluation", "warm_start_model")),
}


@dataclass(frozen=True)
class ArtifactFact:
    """What identifies an artifact.

    Attributes:
        key: Of `KINSHIPS`.
        uri: Its root folder.
        type_name: Its TFX type.
        id: In ML Metadata; 0 where it is not known.
        fingerprint: Of its content.
    """

    key: str
    uri: str
    type_name: str
    id: int
    fingerprint: str


def weights_fingerprint(model_uri: str) -> str:
    """Returns the SHA-256 of a Model artifact's weights.

    Raises:
        DataError: The artifact holds no whole checkpoint.
    """
    return str(read_checkpoint_metadata(checkpoint_dir(model_uri))[FINGERPRINT])


def content_fingerprint(uri: str) -> str:
    """Hashes all files under a folder by relative path and content.

    Folders of training checkpoints are left out: they are large, and what they lead to has a
    fingerprint of its own.

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
