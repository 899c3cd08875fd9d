"""Where a run of several targets writes, and how a branch of it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modules.models.serving_folder import TARGETS_FOLDER

BLESSED, FAILED = "blessed", "failed"


@dataclass(frozen=True)
class RunPlace:
    """Where a run writes, and how it was called.

    Attributes:
        output: The output folder of the whole run.
        log_file: The run's log.
        command: The command that repeats the run.
    """

    output: Path
    log_file: Path
    command: str


@dataclass(frozen=True)
class BranchOutcome:
    """How a branch ended.

    Attributes:
        target: The target's name.
        seconds: Wall time of the branch.
        result: What its result.json holds; None for a branch that failed.
        error: Why it failed, in words for the user.
    """

    target: str
    seconds: float
    result: Mapping[str, Any] | None = None
    error: str | None = None

    @property
    def verdict(self) -> str:
        """What the gate said; or `failed`."""
        return FAILED if self.result is None else str(self.result["verdict"])


def target_folder(output: Path, target: str) -> Path:
    """Returns the output folder of one target, which is as that of a run of this target alone."""
    return output / TARGETS_FOLDER / target
