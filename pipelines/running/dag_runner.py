"""Runs a pipeline in an output folder, and follows its components as they work."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import absl.logging
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler.constants import PIPELINE_RUN_ID_PARAMETER_NAME
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
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


class ComponentRun(NamedTuple):
    """When a component worked: since `started` (seconds since 1970), for `seconds` of wall time."""

    component: str
    started: float
    seconds: float
    cached: bool


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
    recover_from_interruption(
        pipeline.metadata_connection_config, folder, keep_trainings=keep_trainings
    )
    # TFX's INFO records go to the log file.
    absl.logging.set_verbosity(absl.logging.INFO)
    logging.getLogger("absl").propagate = True
    runner = _ObservedDagRunner(observer)
    runner.run(pipeline)
    return runner.components


class _ObservedDagRunner(LocalDagRunner):
    """TFX's LocalDagRunner, which has no hooks, with calls to an observer around each component."""

    def __init__(self, observer: RunObserver) -> None:
        super().__init__()
        self._observer = observer
        self.components: list[ComponentRun] = []

    def run_with_ir(
        self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None
    ) -> None:
        """Runs all nodes of a compiled pipeline in topological order, as LocalDagRunner does."""
        if run_options is not None:
            raise ValueError("partial runs are not supported")
        run_id = {PIPELINE_RUN_ID_PARAMETER_NAME: datetime.now().isoformat()}
        substitute_runtime_parameter(pipeline, run_id)
        deployment = runner_utils.extract_local_deployment_config(pipeline)
        connection = deployment.metadata_connection_config
        connection = getattr(connection, connection.WhichOneof("connection_config"))
        store = MetadataStore(connection)
        with telemetry_utils.scoped_labels({telemetry_utils.LABEL_TFX_RUNNER: "local"}):
            self._observer.planned([node.pipeline_node.node_info.id for node in pipeline.nodes])
            for node in pipeline.nodes:
                component = node.pipeline_node.node_info.id
                executor_spec = runner_utils.extract_executor_spec(deployment, component)
                launcher = Launcher(
                    node.pipeline_node,
                    metadata.Metadata(connection),
                    pipeline.pipeline_info,
                    pipeline.runtime_spec,
                    without_engine(executor_spec),
                    runner_utils.extract_custom_driver_spec(deployment, component),
                    custom_executor_operators=engine_operators(executor_spec),
                )
                self._launch(launcher, component, store)

    def _launch(self, launcher: Launcher, component: str, store: MetadataStore) -> None:
        if stop_requested():
            raise KeyboardInterrupt
        absl.logging.info("Component %s is running.", component)
        self._observer.started(component)
        started, clock = time.time(), time.monotonic()
        with first_error_kept():
            launched = launcher.launch()
        seconds = time.monotonic() - clock
        (execution,) = store.get_executions_by_id([launched.execution_id])
        cached = execution.last_known_state == metadata_store_pb2.Execution.CACHED
        self.components.append(ComponentRun(component, started, seconds, cached))
        self._observer.finished(component, seconds, cached)
        absl.logging.info("Component %s is finished.", component)
