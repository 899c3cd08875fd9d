"""Keeps the state of an interrupted training on a volume, so that a retried task goes on from it.

A retried task runs in a new pod with the same outputs to make. The launcher's folders are empty
there; what must survive is kept on a volume under a key made from the output's URI.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

# Holds the checkpoints; every other output is made anew from them.
RESUMABLE_TYPE = "tfx.ModelRun"


class ResumableOutput:
    """An output folder that lives on a volume until it is complete.

    Args:
        volume: The volume's mount path.
        uri: The output's URI, the same in each attempt of a task and in no other task.
        path: Where the task writes the output.
    """

    def __init__(self, volume: Path, uri: str, path: Path) -> None:
        self._kept = volume / hashlib.sha256(uri.encode()).hexdigest()[:32]
        self._path = path

    def open(self) -> bool:
        """Puts the kept folder, or a new one, at the path.

        Returns:
            Whether an earlier attempt has left something.
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
        """Moves the complete output to its path, where the launcher looks, and frees the volume."""
        complete = self._path.with_name(self._path.name + ".complete")
        shutil.copytree(self._kept, complete)
        self._path.unlink()
        os.replace(complete, self._path)
        shutil.rmtree(self._kept)
