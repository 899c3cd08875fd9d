"""The folder that model servers watch: one numbered version for each model that was pushed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from modules.core.errors import DataError

# Names the model that a version holds; model servers ignore it.
OWNER_FILE = ".pushed_by"
# In a version that a rollback has made: the version that it is a copy of.
ROLLBACK_FILE = ".rolled_back_to"
# A version that is being made; model servers take numbers only.
PARTIAL_PREFIX = ".partial-"
SAVED_MODEL_FILE = "saved_model.pb"
SERVING_FOLDER = "serving"

PUSH_AGAIN = "Delete this version and run the pipeline again, which pushes the model again."


@dataclass(frozen=True)
class PushedVersion:
    """One version in a serving folder.

    Args:
        path: Its folder; the name is the version.
        copy_of: The version that a rollback copied to make it, if any.
    """

    path: Path
    copy_of: int | None = None

    @property
    def number(self) -> int:
        """What model servers compare: they serve the highest."""
        return int(self.path.name)

    @property
    def pushed(self) -> datetime:
        """When the folder was made, in UTC."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, timezone.utc)

    @property
    def is_complete(self) -> bool:
        """Whether a model server could load it."""
        return (self.path / SAVED_MODEL_FILE).is_file()


def is_version(name: str) -> bool:
    """Whether model servers take a folder of this name for a version."""
    return name.isascii() and name.isdigit()


def next_version(taken: Iterable[int], now: float) -> int:
    """Returns the version of a time, in seconds since 1970, or the first above all taken ones."""
    return max(int(now), max(taken, default=0) + 1)


@contextlib.contextmanager
def whole_version(place: Path) -> Iterator[Path]:
    """Makes a version on a local disk beside its place, and moves it there in one step.

    Args:
        place: Folder of the version, which does not exist yet.

    Yields:
        The folder to create and fill. If that fails, nothing is left of it.
    """
    partial = place.with_name(f"{PARTIAL_PREFIX}{place.name}")
    shutil.rmtree(partial, ignore_errors=True)  # An earlier attempt may have been killed.
    try:
        yield partial
        partial.rename(place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def pushed_versions(serving: Path) -> list[PushedVersion]:
    """Lists the versions in a local serving folder, the newest last; none if it is missing.

    Raises:
        DataError: The note of a rollback is damaged.
    """
    if not serving.is_dir():
        return []
    folders = [path for path in serving.iterdir() if is_version(path.name) and path.is_dir()]
    versions = [PushedVersion(path, _copy_of(path / ROLLBACK_FILE)) for path in folders]
    return sorted(versions, key=lambda version: version.number)


def find_model(path: Path) -> Path:
    """Finds the SavedModel that a path stands for.

    Args:
        path: A pushed version, a serving folder or a run's output folder.

    Returns:
        The version's folder; of several, the newest.

    Raises:
        DataError: There is none.
    """
    if (path / SAVED_MODEL_FILE).is_file():
        return path
    serving = path / SERVING_FOLDER if (path / SERVING_FOLDER).is_dir() else path
    versions = pushed_versions(serving)
    if versions:
        return versions[-1].path
    if (path / "result.json").is_file():
        found, fix = "a run without one", "Only a blessed model is pushed: see its report.html."
    else:
        found = ("another folder" if path.is_dir() else "a file") if path.exists() else "nothing"
        fix = "Pass the --output of a run, its serving folder, or a version in that."
    raise DataError(str(path), expected="a pushed model", found=found, fix=fix)


def _copy_of(note: Path) -> int | None:
    if not note.exists():
        return None
    text = note.read_text(encoding="utf-8", errors="replace").strip()
    if not is_version(text):
        raise DataError(
            str(note), expected="the number of a version", found=f"{text[:40]!r}", fix=PUSH_AGAIN
        )
    return int(text)
