"""The folder that model servers watch: one numbered version for each pushed model."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from modules.core.errors import DataError
from modules.core.wording import count, points_phrase

if TYPE_CHECKING:
    # `warmstart --help` comes here, and pydantic takes as long as all the rest.
    from modules.settings import GateSettings

# A file in a version that names its model; model servers ignore it.
OWNER_FILE = ".pushed_by"
# A file in a version that names the run it is from, where that run may start from what is served.
RUN_FILE = ".pushed_by_run"
# A file in a version that a rollback made; it names the version that was copied.
ROLLBACK_FILE = ".rolled_back_to"
# Prefix of an unfinished version; model servers take numbers only.
PARTIAL_PREFIX = ".partial-"
SAVED_MODEL_FILE = "saved_model.pb"
SERVING_FOLDER = "serving"
# In a run of several targets: an output folder for each, by the target's name.
TARGETS_FOLDER = "targets"

PUSH_AGAIN = "Delete this version and run the pipeline again to push the model again."


@dataclass(frozen=True)
class PushedVersion:
    """One version in a serving folder.

    Args:
        path: Folder of the version, which is named by its number.
        copy_of: For a version that a rollback made, the version that it copied.
    """

    path: Path
    copy_of: int | None = None

    @property
    def number(self) -> int:
        """Number of the version; model servers serve the highest."""
        return int(self.path.name)

    @property
    def pushed(self) -> datetime:
        """Time of the push, in UTC."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, timezone.utc)

    @property
    def is_complete(self) -> bool:
        """Whether a model server could load the version."""
        return (self.path / SAVED_MODEL_FILE).is_file()


def is_version(name: str) -> bool:
    """Whether model servers treat a folder of this name as a version."""
    return name.isascii() and name.isdigit()


def next_version(taken: Iterable[int], now: float) -> int:
    """Returns the number for a time, in seconds since 1970, but above all taken numbers."""
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
        DataError: The file that a rollback left in a version is damaged.
    """
    if not serving.is_dir():
        return []
    folders = [path for path in serving.iterdir() if is_version(path.name) and path.is_dir()]
    versions = [PushedVersion(path, _copy_of(path / ROLLBACK_FILE)) for path in folders]
    return sorted(versions, key=lambda version: version.number)


def target_runs(run: Path) -> list[Path]:
    """Lists the output folders of a run's several targets; none if it has a single one."""
    return sorted(path.parent for path in run.glob(f"{TARGETS_FOLDER}/*/result.json"))


def describe_served(serving: Path, gate: GateSettings) -> str:
    """Says what a local serving folder serves, and what a new model must show against it.

    Raises:
        DataError: As `pushed_versions`.
    """
    versions = [version for version in pushed_versions(serving) if version.is_complete]
    if not versions:
        return f"{serving}: nothing is served yet"
    demand = {
        "not_worse": f"must not be more than {points_phrase(gate.served_margin)} below it",
        "better": "must be better than it",
        "ignore": "is compared with it, whatever the outcome",
    }[gate.served]
    return (
        f"{serving}: version {versions[-1].number} is served; a new model {demand} "
        f"(gate.served={gate.served})"
    )


def find_model(path: Path) -> Path:
    """Finds the SavedModel of a version, serving folder or run.

    Args:
        path: A pushed version, a serving folder or a run's output folder.

    Returns:
        Folder of the newest version.

    Raises:
        DataError: There is none.
    """
    if (path / SAVED_MODEL_FILE).is_file():
        return path
    serving = path / SERVING_FOLDER if (path / SERVING_FOLDER).is_dir() else path
    versions = pushed_versions(serving)
    if versions:
        return versions[-1].path
    if targets := target_runs(path):
        found = f"a run of {count(len(targets), 'target')}"
        fix = f"Pass the folder of one of them, such as {targets[0]}."
    elif (path / "result.json").is_file():
        found, fix = "a run without one", "Only a blessed model is pushed: see its report.html."
    else:
        found = ("another folder" if path.is_dir() else "a file") if path.exists() else "nothing"
        fix = "Pass the --output of a run, its serving folder, or a version in it."
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
