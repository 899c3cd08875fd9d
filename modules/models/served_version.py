"""The version that a serving folder serves, on a disk or in an object store."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import asdict, dataclass

import tensorflow as tf

from modules.core.atomic_files import write_atomically
from modules.core.checksums import CHECKSUMS_FILE, check_checksums
from modules.core.errors import DataError, one_line
from modules.core.hashing import hash_file, hash_folders
from modules.models.serving_folder import (
    OWNER_FILE,
    PUSH_AGAIN,
    ROLLBACK_FILE,
    RUN_FILE,
    SAVED_MODEL_FILE,
    is_version,
)

SERVED_FILE = "served.json"


@dataclass(frozen=True)
class ServedVersion:
    """What is served, as it was found.

    Attributes:
        number: Number under which the model was pushed; 0 if nothing is served. A rollback serves
            it under a higher number.
        checksum: SHA-256 of the version's `SHA256SUMS`; empty if it is damaged.
        problem: Why its files cannot be trusted; empty if they can.
    """

    number: int = 0
    checksum: str = ""
    problem: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether there is a model that can be compared with."""
        return bool(self.number) and not self.problem

    def write(self, folder: str) -> None:
        """Writes `served.json`."""
        write_atomically(os.path.join(folder, SERVED_FILE), json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: str) -> ServedVersion:
        """Reads `served.json`."""
        with tf.io.gfile.GFile(os.path.join(folder, SERVED_FILE)) as file:
            return cls(**json.loads(file.read()))


@dataclass(frozen=True)
class RunMark:
    """Which run has pushed a version, for a run that must know its own before it has trained.

    Attributes:
        run: What identifies the run, see `modules.transfer.served.run_identity`.
        replaced: Number of the version that was served before it; 0 if none was.
        arm: Which of the run's models it is.
    """

    run: str
    replaced: int
    arm: str

    def to_json(self) -> str:
        """Writes the mark as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, version: str) -> RunMark | None:
        """Reads a version's mark; None if it has none, or a damaged one."""
        try:
            found = json.loads(_read(version, RUN_FILE))
            return cls(str(found["run"]), int(found["replaced"]), str(found["arm"]))
        except (ValueError, TypeError, KeyError):
            return None


def owner_mark(model: str) -> str:
    """Returns what a version's `.pushed_by` says of the SavedModel that it was copied from."""
    return f"{model} {hash_folders([model])}"


def list_versions(serving: str) -> list[str]:
    """Lists the names of all versions in a serving folder, the highest last."""
    if not tf.io.gfile.exists(serving):
        return []
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(serving))
    return sorted(filter(is_version, names), key=int)


def find_served_version(
    serving: str, candidates: Collection[str] = (), run: str = ""
) -> tuple[ServedVersion, str | None]:
    """Finds the version that a run's model would replace, and checks its files.

    That is the newest complete one, which model servers take. If this run has pushed it, it is the
    newest one from before that push: a run that is repeated meets the same opponent, and so comes
    to the same verdict.

    Args:
        serving: The folder, or a URI that TensorFlow's file systems know.
        candidates: SavedModel folders of the models that the run may push.
        run: What identifies the run, where it has not trained them yet: it is to start from what
            is served.

    Returns:
        The version and its folder; None in place of the folder if nothing is served.
    """
    paths = [os.path.join(serving, name) for name in list_versions(serving)]
    paths = [path for path in paths if tf.io.gfile.exists(os.path.join(path, SAVED_MODEL_FILE))]
    if paths and _is_of(newest := _read(paths[-1], OWNER_FILE), candidates):
        first = next(n for n, path in enumerate(paths) if _read(path, OWNER_FILE) == newest)
        paths = paths[:first]
    elif run and paths and (mark := RunMark.read(paths[-1])) and mark.run == run:
        paths = [path for path in paths if int(os.path.basename(path)) <= mark.replaced]
    if not paths:
        return ServedVersion(), None
    served = paths[-1]
    origin = _read(served, ROLLBACK_FILE).strip()
    number = int(origin if is_version(origin) else os.path.basename(served))
    return _checked(number, served), served


def _is_of(owner: str, candidates: Collection[str]) -> bool:
    # After metadata.db was deleted, another model may lie under the same path.
    model, _, _ = owner.rpartition(" ")
    return model in candidates and owner == owner_mark(model)


def _checked(number: int, path: str) -> ServedVersion:
    try:
        check_checksums(path, PUSH_AGAIN)
    except DataError as error:
        return ServedVersion(number, problem=one_line(error))
    return ServedVersion(number, hash_file(os.path.join(path, CHECKSUMS_FILE)))


def _read(version: str, name: str) -> str:
    path = os.path.join(version, name)
    if not tf.io.gfile.exists(path):
        return ""
    with tf.io.gfile.GFile(path) as file:
        return str(file.read())
