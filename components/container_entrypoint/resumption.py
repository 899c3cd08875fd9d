"""Keeps an interrupted training's state on a volume, so that a retried task resumes from it.

A retried task runs in a new pod, where the launcher's folders are empty, and has the same outputs
to write. What must survive is kept on a volume, under a key derived from the output's URI.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import yaml

# Environment variable with the volume's mount path. Without it an interrupted training restarts.
STATE_VARIABLE = "WARMSTART_STATE_DIRECTORY"
# Holds the checkpoints, from which every other output can be written again.
_RESUMABLE_TYPE = "tfx.ModelRun"


def is_resumable(artifact_type: dict[str, Any]) -> bool:
    """Returns whether an output of this type (an ArtifactTypeSchema as JSON) holds checkpoints."""
    schema = yaml.safe_load(artifact_type.get("instanceSchema", "")) or {}
    return schema.get("title") == _RESUMABLE_TYPE


class ResumableOutput:
    """An output folder that lives on a volume until it is complete.

    Args:
        volume: Mount path of the volume.
        uri: URI of the output: the same in each attempt of a task, and different in other tasks.
        path: Where the task writes the output.
    """

    def __init__(self, volume: Path, uri: str, path: Path) -> None:
        self._kept = volume / hashlib.sha256(uri.encode()).hexdigest()[:32]
        self._path = path

    def open(self) -> bool:
        """Puts the kept folder, or a new one, at the path.

        Returns:
            Whether an earlier attempt has left files in it.
        """
        self._kept.mkdir(parents=True, exist_ok=True)
        if self._path.is_symlink():
            self._path.unlink()
        elif self._path.exists():
            shutil.rmtree(self._path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.symlink_to(self._kept, target_is_directory=True)
        return any(self._kept.iterdir())

    def close(self) -> None:
        """Moves the complete output to its path, where the launcher finds it; frees the volume."""
        complete = self._path.with_name(self._path.name + ".complete")
        shutil.copytree(self._kept, complete)
        self._path.unlink()
        os.replace(complete, self._path)
        shutil.rmtree(self._kept)
