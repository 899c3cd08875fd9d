"""Runs the pipeline, and what a run results in."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modules.core.errors import DataError
from pipelines.config import Config, load_config
from pipelines.running.observer import RunObserver
from pipelines.running.output_folder import REPORT_FILE, RESULT_FILE
from warmstart.notebook import framed
from warmstart.progress import OnProgress, RunReporter


@dataclass(frozen=True)
class ArmScore:
    """How one arm did on the target's eval split.

    Attributes:
        accuracy: Share of right answers.
        ci95: Its 95 % interval.
        correct: Right answers.
        total: All answers.
    """

    accuracy: float
    ci95: tuple[float, float]
    correct: int
    total: int


@dataclass(frozen=True)
class RunResult:
    """A finished run, as its output folder has it. A notebook shows its report.

    Attributes:
        output: The output folder.
        content: All of result.json; docs/architecture.md lists its keys.
    """

    output: Path
    content: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, output: str | os.PathLike[str]) -> RunResult:
        """Reads a run that finished earlier, whoever started it.

        Raises:
            DataError: The folder holds no finished run.
        """
        path = Path(output) / RESULT_FILE
        try:
            return cls(Path(output), json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise DataError(
                str(path),
                expected="the result of a run",
                found=str(error),
                fix="Pass the output folder of a finished run.",
            ) from error

    @property
    def verdict(self) -> str:
        """`blessed` or `not_blessed`."""
        return str(self.content["verdict"])

    @property
    def blessed(self) -> bool:
        """Whether the gate was passed."""
        return self.verdict == "blessed"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, a sentence each."""
        return tuple(self.content["reasons"])

    @property
    def arms(self) -> dict[str, ArmScore]:
        """How each arm did, by its name: `pretrained`, `scratch`, `warm_start`."""
        return {
            name: ArmScore(
                scores["accuracy"], tuple(scores["ci95"]), scores["correct"], scores["total"]
            )
            for name, scores in self.content["arms"].items()
        }

    @property
    def accuracies(self) -> dict[str, float]:
        """Each arm's accuracy on the target's eval split."""
        return {name: arm.accuracy for name, arm in self.arms.items()}

    @property
    def pushed_to(self) -> Path | None:
        """Folder of the pushed version, if any."""
        pushed = self.content["pushed_to"]
        return Path(pushed) if pushed else None

    @property
    def report(self) -> Path:
        """The report, one self-contained HTML file."""
        return self.output / REPORT_FILE

    @property
    def seconds(self) -> dict[str, float]:
        """Wall time in all (`total`), before the first component (`start`) and by component."""
        return dict(self.content["seconds"])

    def _repr_html_(self) -> str:
        return framed(self.report.read_text(encoding="utf-8"))


def run(
    config: Config | str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    progress: OnProgress | None = None,
) -> RunResult:
    """Runs the transfer pipeline in this process, as `warmstart run` does.

    Nothing is printed, and the process's file descriptors and other signals than SIGINT stay as
    they are; logs go to the output folder. In the main thread an interrupt saves a training first.

    Args:
        config: A configuration, or its file.
        output: Folder for the results; the configuration's by default.
        fresh: Run every component again, whatever the cache holds.
        progress: Called with each `ProgressUpdate`, in this thread or a worker's.

    Raises:
        WarmstartError: What went wrong, in words for the user; nothing was pushed then.
    """
    from pipelines.commands.config_check import look_quickly
    from pipelines.local_runner import run_locally

    loaded = config if isinstance(config, Config) else load_config(config)
    for warning in look_quickly(loaded):
        warnings.warn(warning, stacklevel=2)
    folder = Path(output) if output is not None else loaded.output_folder
    observer = RunReporter(progress) if progress else RunObserver()
    result = run_locally(loaded, folder, fresh=fresh, observer=observer)
    return RunResult(folder, result)
