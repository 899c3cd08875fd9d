"""The one DAG of several targets as it runs on this machine: first the trunk, then the branches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping

from modules.models.serving_folder import SERVING_FOLDER
from pipelines.config import Config
from pipelines.node_ids import target_of
from pipelines.running.artifacts import metadata_in
from pipelines.running.dag_runner import ComponentRun, begin_run
from pipelines.running.observer import RunObserver
from pipelines.running.output_folder import ARTIFACTS_FOLDER, ATTEMPTS_FOLDER, SPANS_FOLDER
from pipelines.targets.branch import Branch, run_branch
from pipelines.targets.events import BranchEvent
from pipelines.targets.outcome import BranchOutcome, RunPlace, target_folder
from pipelines.targets.workers import run_side_by_side
from pipelines.transfer_pipeline import create_targets_pipeline


class TargetsDag:
    """The compiled pipeline of several targets; making one begins a run.

    Args:
        branches: The scenario of each target, by name.
        place: Where the run writes.
        fresh: Use no cached result.
    """

    def __init__(self, branches: Mapping[str, Config], place: RunPlace, *, fresh: bool) -> None:
        self._place = place
        self._branches = branches
        serving = {name: target_folder(place.output, name) / SERVING_FOLDER for name in branches}
        pipeline = create_targets_pipeline(
            {name: config.with_absolute_paths() for name, config in branches.items()},
            pipeline_root=str(place.output / ARTIFACTS_FOLDER),
            serving_directories={name: str(folder) for name, folder in serving.items()},
            attempts_directory=str(place.output / ATTEMPTS_FOLDER),
            spans_directory=str(place.output / SPANS_FOLDER),
            metadata_connection_config=metadata_in(place.output),
            enable_cache=not fresh,
        )
        self._compiled = begin_run(pipeline, place.output, keep_trainings=not fresh)

    def run_trunk(self, observer: RunObserver) -> list[ComponentRun]:
        """Runs what all targets share.

        Raises:
            WarmstartError: Source or configuration are refused, with the reason.
        """
        components = [each for each in self._compiled.components if target_of(each) is None]
        observer.planned(components)
        return [self._compiled.run(component, observer) for component in components]

    def run_branches(
        self,
        trunk: list[ComponentRun],
        show: Callable[[BranchEvent], None],
        workers: int,
    ) -> Generator[BranchOutcome, None, None]:
        """Runs the branches, yielding how each ended.

        Args:
            trunk: What `run_trunk` returned.
            show: Hears about the components at work.
            workers: Branches at a time. A single one runs in this process.

        Raises:
            OutputError: The disk is full or read-only.
        """
        branches = [
            Branch(
                config,
                [each for each in self._compiled.components if target_of(each) == name],
                trunk,
            )
            for name, config in self._branches.items()
        ]
        workers = min(workers, len(branches))
        if workers > 1:
            yield from run_side_by_side(
                self._compiled.pipeline.SerializeToString(), branches, self._place, show, workers
            )
            return
        for branch in branches:
            yield run_branch(self._compiled, branch, self._place, show)
