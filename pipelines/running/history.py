"""The finished runs of an output folder, one line each; result.json holds the last one only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from modules.core.arms import ALL_ARMS
from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError

HISTORY_FILE = "history.jsonl"


class RunRecord(BaseModel):
    """The outcome of one run.

    Attributes:
        finished: Time at which it finished, ISO 8601 in UTC.
        verdict: `blessed` or `not_blessed`.
        accuracies: Accuracy by arm on the target's eval split, from 0 to 1.
        pushed_to: Folder of the pushed version, if any.
        cached: Number of components that the cache served.
        seconds: Wall time of each of the others; empty in records of earlier versions.
        attempt: Which attempt on its eval split it was; None in records of earlier versions.
        start: What the warm start began from: `pretrained`, or the number of a served version;
            None in records of earlier versions.
        span: The newest span of the target's data; None where they do not come in spans.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    finished: str
    name: str
    source: str | None
    target: str
    shots: int | str
    method: str
    seed: int
    verdict: str
    accuracies: dict[str, float]
    pushed_to: str | None
    cached: int
    seconds: dict[str, float] = {}
    attempt: int | None = None
    start: str | None = None
    span: int | None = None

    @property
    def pushed_version(self) -> str | None:
        """The number of the pushed version, if any."""
        return Path(self.pushed_to).name if self.pushed_to else None


def record_run(result: Mapping[str, Any], output: Path) -> None:
    """Adds a run, as result.json has it, to the history of its output folder, in one step."""
    record = RunRecord(
        finished=result["finished"],
        name=result["name"],
        source=result["source"]["name"],
        target=result["target"]["name"],
        shots=result["target"]["shots"],
        method=result["transfer"]["method"],
        seed=result["seed"],
        verdict=result["verdict"],
        accuracies={
            arm: result["arms"][arm]["accuracy"] for arm in ALL_ARMS if arm in result["arms"]
        },
        pushed_to=result["pushed_to"],
        cached=len(result["cached"]),
        seconds={
            component: result["seconds"][component]
            for component in result["timeline"]
            if component not in result["cached"]
        },
        attempt=result["attempt"]["number"],
        start=_start(result["transfer"].get("start")),
        span=result["spans"] and result["spans"]["newest"],
    )
    path = output / HISTORY_FILE
    earlier = path.read_text(encoding="utf-8") if path.exists() else ""
    write_atomically(path, f"{earlier}{record.model_dump_json()}\n")


def _start(told: Mapping[str, Any] | None) -> str | None:
    return None if told is None else str(told["version"] or told["used"])


def read_history(output: Path) -> list[RunRecord]:
    """Reads the finished runs of an output folder, the latest last.

    Raises:
        DataError: A line is not what `record_run` writes.
    """
    path = output / HISTORY_FILE
    if not path.exists():
        return []
    records = []
    # Line by line as a file: splitlines would also split at characters that a path may hold.
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                records.append(RunRecord.model_validate_json(line))
            except ValidationError:
                raise DataError(
                    f"{path}, line {number}",
                    expected="the record of a run",
                    found=f"{line[:40]!r}",
                    fix="Remove the line.",
                ) from None
    return records


def find_output_folders(folder: Path) -> Iterator[Path]:
    """Yields the output folders at and below a folder, by name; none lies within another."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        if HISTORY_FILE in names:
            folders.clear()
            yield Path(parent)
