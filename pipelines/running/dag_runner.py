"""Runs a pipeline in an output folder, and follows its components as they work."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import absl.logging
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler.constants import PIPELINE_RUN_ID_PARAMETER_NAME
from tfx.orchestration.local import runner_utils
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable.launcher import Launcher
from tfx.orchestration.portable.runtime_parameter_utils import substitute_runtime_parameter
from tfx.proto.orchestration import pipeline_pb2
from tfx.utils import telemetry_utils

from modules.core.interruption import stop_requested
from pipelines.beam.operator import engine_operators, without_engine
from pipelines.running.first_error import first_error_kept
from pipelines.running.observer import RunObserver
from pipelines.running.recovery import recover_from_interruption

_TELEMETRY = {telemetry_utils.LABEL_TFX_RUNNER: "local"}


class ComponentRun(NamedTuple):
    """When a component worked: since `started` (seconds since 1970), for `seconds` of wall time."""

    component: str
    started: float
    seconds: float
    cached: bool


class CompiledPipeline:
    """A compiled pipeline, whose components can be run one by one.

    Args:
        pipeline: TFX's intermediate representation, with the id of this run.
        connect: Opens the ML Metadata store.
    """

    def __init__(
        self,
        pipeline: pipeline_pb2.Pipeline,
        connect: Callable[[metadata_store_pb2.ConnectionConfig], Metadata] = Metadata,
    ) -> None:
        self.pipeline = pipeline
        self._deployment = runner_utils.extract_local_deployment_config(pipeline)
        connection = self._deployment.metadata_connection_config
        self._connection = getattr(connection, connection.WhichOneof("connection_config"))
        self._connect = connect
        self._nodes = {
            node.pipeline_node.node_info.id: node.pipeline_node for node in pipeline.nodes
        }

    @property
    def components(self) -> list[str]:
        """The ids of the components, in topological order."""
        return list(self._nodes)

    def metadata(self) -> Metadata:
        """Opens the ML Metadata store, in a `with` block."""
        return self._connect(self._connection)

    def run(self, component: str, observer: RunObserver) -> ComponentRun:
        """Runs a component, or takes what it made before from the cache.

        Raises:
            KeyboardInterrupt: A stop was requested.
            WarmstartError: Data, configuration or warm start are refused, with the reason.
        """
        if stop_requested():
            raise KeyboardInterrupt
        absl.logging.info("Component %s is running.", component)
        observer.started(component)
        launcher = self._launcher(component)
        started, clock = time.time(), time.monotonic()
        with first_error_kept(), telemetry_utils.scoped_labels(_TELEMETRY):
            launched = launcher.launch()
        seconds = time.monotonic() - clock
        with self.metadata() as metadata:
            (execution,) = metadata.store.get_executions_by_id([launched.execution_id])
        cached = execution.last_known_state == metadata_store_pb2.Execution.CACHED
        observer.finished(component, seconds, cached)
        absl.logging.info("Component %s is finished.", component)
        return ComponentRun(component, started, seconds, cached)

    def _launcher(self, component: str) -> Launcher:
        executor_spec = runner_utils.extract_executor_spec(self._deployment, component)
        return Launcher(
            self._nodes[component],
            self.metadata(),
            self.pipeline.pipeline_info,
            self.pipeline.runtime_spec,
            without_engine(executor_spec),
            runner_utils.extract_custom_driver_spec(self._deployment, component),
            custom_executor_operators=engine_operators(executor_spec),
        )


def run_pipeline(
    pipeline: Pipeline, folder: Path, observer: RunObserver, *, keep_trainings: bool = True
) -> list[ComponentRun]:
    """Clears what an interrupted run has left, then runs the pipeline.

    Args:
        pipeline: Its metadata, artifacts and pushed models lie in the folder.
        folder: The output folder, which no other run uses.
        observer: Hears about each component as it works.
        keep_trainings: Resume unfinished trainings, instead of removing them.

    Returns:
        The components in order of execution.

    Raises:
        WarmstartError: Data, configuration or warm start are refused, with the reason.
    """
    compiled = begin_run(pipeline, folder, keep_trainings=keep_trainings)
    observer.planned(compiled.components)
    return [compiled.run(component, observer) for component in compiled.components]


def begin_run(pipeline: Pipeline, folder: Path, *, keep_trainings: bool = True) -> CompiledPipeline:
    """Clears what an interrupted run has left, and compiles the pipeline; nothing has run yet."""
    recover_from_interruption(
        pipeline.metadata_connection_config, folder, keep_trainings=keep_trainings
    )
    records_to_log()
    runner = _CompilingDagRunner()
    runner.run(pipeline)
    return CompiledPipeline(runner.compiled)


def records_to_log() -> None:
    """Lets TFX's INFO records through to the log file."""
    absl.logging.set_verbosity(absl.logging.INFO)
    logging.getLogger("absl").propagate = True


class _CompilingDagRunner(LocalDagRunner):
    """TFX's LocalDagRunner, which has no hooks, up to where it would run the components."""

    compiled: pipeline_pb2.Pipeline

    def run_with_ir(
        self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None
    ) -> None:
        """Gives the pipeline the id of a run, as LocalDagRunner does, and keeps it."""
        if run_options is not None:
            raise ValueError("partial runs are not supported")
        run_id = {PIPELINE_RUN_ID_PARAMETER_NAME: datetime.now().isoformat()}
        substitute_runtime_parameter(pipeline, run_id)
        self.compiled = pipeline
