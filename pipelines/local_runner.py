"""Runs the transfer pipeline on this machine with TFX's LocalDagRunner."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from modules.models.serving_folder import SERVING_FOLDER
from modules.report import add_run_facts
from pipelines.config import Config
from pipelines.running.artifacts import RunArtifacts, metadata_in
from pipelines.running.dag_runner import run_pipeline
from pipelines.running.display import RunDisplay
from pipelines.running.history import record_run
from pipelines.running.output_folder import ARTIFACTS_FOLDER, REPORT_FILE
from pipelines.running.result import collect_result, write_result
from pipelines.transfer_pipeline import create_pipeline


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
        display: Hears about each component as it works.
        started: `time.monotonic()` when the command started, for the total.
        command: The command line that repeats this run, for the report.
        fresh: Run every component again, whatever the cache holds.

    Returns:
        The content of result.json.

    Raises:
        WarmstartError: Data, configuration or warm start are refused, with the reason.
    """
    pipeline = create_pipeline(
        config.with_absolute_paths(),
        pipeline_root=str(output / ARTIFACTS_FOLDER),
        serving_directory=str(output / SERVING_FOLDER),
        metadata_connection_config=metadata_in(output),
        enable_cache=not fresh,
    )
    start = time.monotonic() - started
    components = run_pipeline(pipeline, output, display, keep_trainings=not fresh)
    artifacts = RunArtifacts(metadata_in(output))
    seconds = {"total": time.monotonic() - started, "start": start}
    result = collect_result(config, artifacts, seconds, components)
    add_run_facts(
        Path(artifacts.uri("TransferReport", "report"), REPORT_FILE),
        output / REPORT_FILE,
        {**result, "command": command},
    )
    record_run(result, output)
    write_result(result, output)
    return result
