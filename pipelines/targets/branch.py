"""Runs the branch of one target: its components, and the files of its own output folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modules.core.atomic_files import write_atomically
from modules.core.errors import OutputError, WarmstartError
from modules.report import add_run_facts
from pipelines.config import Config
from pipelines.node_ids import component_of
from pipelines.running.artifacts import RunArtifacts
from pipelines.running.dag_runner import CompiledPipeline, ComponentRun
from pipelines.running.history import record_run
from pipelines.running.output_folder import REPORT_FILE, RESULT_FILE, storage_errors_explained
from pipelines.running.result import collect_result
from pipelines.running.session import unexpected_errors_explained
from pipelines.targets.events import BranchEvent, BranchReporter
from pipelines.targets.outcome import BranchOutcome, RunPlace, target_folder

_KEPT = "Finished components stay cached."


@dataclass(frozen=True)
class Branch:
    """What there is to do for one target.

    Attributes:
        config: The target's scenario.
        components: Ids of the branch's components, in order of execution.
        trunk: The components that have run before, which all targets share.
    """

    config: Config
    components: Sequence[str]
    trunk: Sequence[ComponentRun]

    @property
    def target(self) -> str:
        """The target's name."""
        return self.config.target.name


def run_branch(
    compiled: CompiledPipeline,
    branch: Branch,
    place: RunPlace,
    send: Callable[[BranchEvent], None],
) -> BranchOutcome:
    """Runs a branch; what goes wrong in it is its own outcome, and no other branch's.

    Args:
        compiled: The pipeline of all targets, whose trunk has run.
        branch: What to run.
        place: Where the run writes.
        send: Hears about the components at work.

    Raises:
        KeyboardInterrupt: A stop was requested.
        OutputError: The disk is full or read-only, which no other branch would survive.
    """
    started = time.monotonic()
    try:
        with (
            storage_errors_explained(place.output),
            unexpected_errors_explained(place.log_file, kept=_KEPT, verbose=False),
            storage_errors_explained(place.output),
            BranchReporter(branch.target, send) as reporter,
        ):
            finished = [compiled.run(component, reporter) for component in branch.components]
            seconds = time.monotonic() - started
            result = _write_result(compiled, branch, place, finished, seconds)
    except OutputError:
        raise
    except WarmstartError as error:
        return BranchOutcome(branch.target, time.monotonic() - started, error=str(error))
    return BranchOutcome(branch.target, seconds, result)


def _write_result(
    compiled: CompiledPipeline,
    branch: Branch,
    place: RunPlace,
    finished: Sequence[ComponentRun],
    seconds: float,
) -> dict[str, Any]:
    folder = target_folder(place.output, branch.target)
    with compiled.metadata() as metadata:
        artifacts = RunArtifacts(metadata.connection_config, branch.target)
    components = [
        run._replace(component=component_of(run.component)) for run in (*branch.trunk, *finished)
    ]
    times = {"total": seconds, "start": 0.0}
    result = collect_result(branch.config, artifacts, times, components)
    add_run_facts(
        Path(artifacts.uri("TransferReport", "report"), REPORT_FILE),
        folder / REPORT_FILE,
        {**result, "command": place.command},
    )
    record_run(result, folder)
    write_atomically(folder / RESULT_FILE, json.dumps(result, indent=2) + "\n")
    return result
