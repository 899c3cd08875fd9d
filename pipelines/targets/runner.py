"""Runs the pipeline of several targets on this machine."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from modules.core.errors import WarmstartError, one_line
from modules.core.wording import count
from pipelines.beam.options import check_storage
from pipelines.registered_names import refuse_unknown_names
from pipelines.running.display import RunDisplay
from pipelines.running.heavy_imports import lasting_imports
from pipelines.running.output_folder import command_line, exclusive_output
from pipelines.running.session import Session, check_model_path, open_session
from pipelines.running.timing.component_seconds import expected_seconds
from pipelines.targets.display import BranchesDisplay
from pipelines.targets.outcome import BranchOutcome, RunPlace, target_folder
from pipelines.targets.scenario import SeveralTargets

# A training makes good use of so many.
_CORES_OF_A_BRANCH = 4


def run_targets(
    scenario: SeveralTargets,
    output: Path,
    *,
    refused: Mapping[str, str],
    workers: int | None,
    fresh: bool,
    verbose: bool,
) -> dict[str, str]:
    """Runs the trunk once and a branch for each target, and tells the user what happened.

    A target that fails takes no other one along. Each has an output folder of its own below
    `targets/`, which is as that of a run of this target alone.

    Args:
        scenario: What to run.
        output: Folder for result.json, index.html, targets/, metadata.db and artifacts/.
        refused: Why targets are left out, by name; not all of them.
        workers: Branches that run at the same time; by default one for each four cores.
        fresh: Run every component again, whatever the cache holds.
        verbose: Let the underlying logs and tracebacks through to the terminal.

    Returns:
        The verdict on each target: `blessed`, `not_blessed` or `failed`.

    Raises:
        WarmstartError: What stopped the trunk, or every branch.
    """
    started = time.monotonic()
    output = output.resolve()
    names = [name for name in scenario.branches if name not in refused]
    check_storage(scenario.shared.beam, str(output))
    check_model_path(scenario.shared)
    with _session(scenario, names, output, verbose) as session:
        place = RunPlace(output, session.log_file, command_line())
        with RunDisplay(session.console, expected_seconds(scenario.shared, output)) as display:
            # It imports TensorFlow, which takes seconds: the display is there already.
            with lasting_imports():
                from pipelines.targets.dag import TargetsDag

            for config in scenario.branches.values():
                refuse_unknown_names(config)
            dag = TargetsDag({name: scenario.branches[name] for name in names}, place, fresh=fresh)
            start = time.monotonic() - started
            trunk = dag.run_trunk(display)
        outcomes = {name: BranchOutcome(name, 0.0, error=why) for name, why in refused.items()}
        with BranchesDisplay(session.console, len(scenario.branches)) as branches:
            for outcome in outcomes.values():
                branches.ended(outcome)
            workers = workers or max(1, len(os.sched_getaffinity(0)) // _CORES_OF_A_BRANCH)
            running = dag.run_branches(trunk, branches.show, workers)
            with contextlib.closing(running):
                for outcome in running:
                    outcomes[outcome.target] = outcome
                    branches.ended(outcome)
        _refuse_if_all_failed(list(outcomes.values()))
        # Slow to import.
        from pipelines.targets.result import write_targets_result
        from pipelines.targets.summary import print_targets_summary

        seconds = {"total": time.monotonic() - started, "start": start}
        result = write_targets_result(scenario, outcomes, trunk, seconds, output)
        print_targets_summary(result, output, session.console)
    return {name: outcome.verdict for name, outcome in outcomes.items()}


@contextlib.contextmanager
def _session(
    scenario: SeveralTargets, names: Sequence[str], output: Path, verbose: bool
) -> Iterator[Session]:
    """Opens the run's session, and holds the folders of its targets against rollbacks."""
    shared = scenario.shared
    targets = count(len(scenario.branches), "target")
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(
            open_session(
                output,
                first_line=f"warmstart {shared.name}: {shared.start_name} to {targets}",
                width=80,
                kept="Finished components stay cached.",
                verbose=verbose,
            )
        )
        for name in names:
            stack.enter_context(exclusive_output(target_folder(output, name)))
        yield session


def _refuse_if_all_failed(outcomes: Sequence[BranchOutcome]) -> None:
    if any(outcome.result for outcome in outcomes):
        return
    reasons = [f"{outcome.target}: {one_line(outcome.error)}" for outcome in outcomes]
    raise WarmstartError("\n".join(["Every target failed.", *reasons]))
