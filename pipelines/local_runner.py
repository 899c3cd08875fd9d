"""Runs the pipeline on this machine with TFX's LocalDagRunner."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import absl.logging
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from modules.report import add_run_facts
from pipelines.config import Config
from pipelines.running.artifacts import RunArtifacts
from pipelines.running.display import ComponentHandler, ProgressHandler, RunDisplay
from pipelines.running.history import record_run
from pipelines.running.interrupted_runs import clear_interrupted_runs
from pipelines.running.lost_pushes import forget_lost_pushes
from pipelines.running.result import collect_result, write_result
from pipelines.transfer_pipeline import create_pipeline

REPORT_FILE = "report.html"


def run_locally(
    config: Config,
    output: Path,
    display: RunDisplay,
    *,
    started: float,
    command: str,
    fresh: bool = False,
) -> dict[str, Any]:
    """Runs the pipeline and writes its result.

    Args:
        config: The scenario; relative data paths are relative to the current folder.
        output: Folder for result.json, report.html, serving/, metadata.db and artifacts/.
        display: Is told about each component as it works.
        started: `time.monotonic()` when the command started, for the total.
        command: What to type to run the same again, for the report.
        fresh: Run every component again, whatever the cache holds.

    Returns:
        The content of result.json.

    Raises:
        WarmstartError: Data, configuration or warm start are refused, with the reason.
    """
    connection_config = metadata.sqlite_metadata_connection_config(str(output / "metadata.db"))
    clear_interrupted_runs(
        connection_config, output / "artifacts", output / "serving", keep_trainings=not fresh
    )
    forget_lost_pushes(connection_config)
    pipeline = create_pipeline(
        with_absolute_paths(config),
        pipeline_root=str(output / "artifacts"),
        serving_directory=str(output / "serving"),
        metadata_connection_config=connection_config,
        enable_cache=not fresh,
    )
    log_components()
    imports = {"start": time.monotonic() - started}
    with ComponentHandler(display) as components, ProgressHandler(display):
        LocalDagRunner().run(pipeline)
    seconds = {"total": time.monotonic() - started, **imports, **components.seconds}
    artifacts = RunArtifacts(connection_config)
    result = collect_result(config, artifacts, seconds, components.cached)
    add_run_facts(
        Path(artifacts.uri("TransferReport", "report"), REPORT_FILE),
        output / REPORT_FILE,
        {**result, "command": command},
    )
    record_run(result, output)
    write_result(result, output)
    return result


def log_components() -> None:
    """Lets the records pass that TFX's runner logs, which displays and the log file live on."""
    absl.logging.set_verbosity(absl.logging.INFO)
    logging.getLogger("absl").propagate = True


def with_absolute_paths(config: Config) -> Config:
    """Makes data paths independent of the folder that a later, cached run starts in.

    Args:
        config: The scenario.

    Returns:
        The same with absolute paths.
    """

    def absolute(path: str) -> str:
        return str(Path(path).resolve())

    source = {"path": absolute(config.source.path)}
    if config.source.schema_file:
        source["schema_file"] = absolute(config.source.schema_file)
    return config.model_copy(
        update={
            "source": config.source.model_copy(update=source),
            "target": config.target.model_copy(update={"path": absolute(config.target.path)}),
        }
    )
