"""Runs the transfer pipeline on this machine with TFX's LocalDagRunner."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from modules.core.atomic_files import write_atomically
from modules.models.serving_folder import SERVING_FOLDER
from modules.report import add_run_facts
from pipelines.beam.options import check_storage
from pipelines.config import Config
from pipelines.registered_names import refuse_unknown_names
from pipelines.running.display import RunDisplay
from pipelines.running.heavy_imports import lasting_imports
from pipelines.running.history import record_run
from pipelines.running.observer import RunObserver
from pipelines.running.output_folder import (
    ARTIFACTS_FOLDER,
    ATTEMPTS_FOLDER,
    REPORT_FILE,
    RESULT_FILE,
    SPANS_FOLDER,
    command_line,
)
from pipelines.running.result import collect_result
from pipelines.running.session import output_session
from pipelines.running.summary import print_summary
from pipelines.running.timing.component_seconds import expected_seconds


def run_locally(
    config: Config,
    output: Path,
    *,
    fresh: bool = False,
    verbose: bool = False,
    observer: RunObserver | None = None,
) -> dict[str, Any]:
    """Runs the pipeline, writes its result and tells the user what happened.

    Args:
        config: The scenario; relative data paths are relative to the current folder.
        output: Folder for result.json, report.html, serving/, metadata.db and artifacts/; it is
            made if needed.
        fresh: Run every component again, whatever the cache holds.
        verbose: Let the underlying logs and tracebacks through to the terminal.
        observer: Hears about the components instead of the terminal, which then shows nothing.

    Returns:
        The content of result.json.

    Raises:
        WarmstartError: What went wrong, in words for the user.
    """
    started = time.monotonic()
    output = output.resolve()
    check_storage(config.beam, str(output))
    kept = "Finished components stay cached."
    with output_session(
        config,
        output,
        title="warmstart",
        width=80,
        kept=kept,
        verbose=verbose,
        on_terminal=observer is None,
    ) as console:
        with observer or RunDisplay(console, expected_seconds(config, output)) as display:
            # These import TensorFlow, which takes seconds: the display is there already. A program
            # that calls sees to its own garbage.
            with lasting_imports() if observer is None else contextlib.nullcontext():
                from pipelines.running.artifacts import RunArtifacts, metadata_in
                from pipelines.running.dag_runner import run_pipeline
                from pipelines.transfer_pipeline import create_pipeline

            # Found out by the components alone, a misspelt method would cost the trainings first.
            refuse_unknown_names(config)
            pipeline = create_pipeline(
                config.with_absolute_paths(),
                pipeline_root=str(output / ARTIFACTS_FOLDER),
                serving_directory=str(output / SERVING_FOLDER),
                attempts_directory=str(output / ATTEMPTS_FOLDER),
                spans_directory=str(output / SPANS_FOLDER),
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
                {**result, "command": command_line() if observer is None else None},
            )
            record_run(result, output)
            write_atomically(output / RESULT_FILE, json.dumps(result, indent=2) + "\n")
        print_summary(result, output, console)
    return result
