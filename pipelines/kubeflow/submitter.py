"""Submits a compiled pipeline to Kubeflow Pipelines."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.kubeflow.preparation import prepare
from pipelines.kubeflow.server import Server
from pipelines.kubeflow.waiting import PENDING, wait_for_run


@dataclass(frozen=True)
class Submission:
    """A run that was started.

    Attributes:
        run_id: The server's id of the run.
        run_url: The run's page in the Kubeflow Pipelines UI.
        pipeline_id: The server's id of the pipeline.
        version_id: The server's id of the pipeline version that the run uses.
        state: The last known state, such as PENDING or SUCCEEDED.
    """

    run_id: str
    run_url: str
    pipeline_id: str
    version_id: str
    state: str


def submit(
    spec_file: Path,
    server: Server,
    *,
    parameters: Mapping[str, str] | None = None,
    experiment: str = "Default",
    run_name: str | None = None,
    wait: bool = False,
    timeout: float = 24 * 3600.0,
    poll_seconds: float = 5.0,
    report: Callable[[str], None] = print,
) -> Submission:
    """Starts a run of a compiled pipeline.

    The first submission uploads a new pipeline. Later ones add versions, named after the file's
    content. A version that already exists, under any name, is not uploaded again.

    Args:
        spec_file: A file written by `warmstart compile`.
        server: The server to submit it to.
        parameters: Run parameters as texts, such as `{"shots": "1"}`.
        experiment: The experiment that the run belongs to. It is created if it does not exist.
        run_name: Name of the run. Defaults to the pipeline's name and the time.
        wait: Return only when the run has ended.
        timeout: Longest time to wait, in seconds.
        poll_seconds: Seconds between two requests for the run's state.
        report: Called with one line of progress at a time.

    Returns:
        The run, with its last known state.

    Raises:
        ConfigError: The file or a parameter is invalid. Nothing has been sent.
        WarmstartError: kfp is not installed, the server cannot be reached or refuses, or the run
            does not succeed.
    """
    pipeline = prepare(
        spec_file, server, parameters=parameters, experiment=experiment, report=report
    )
    with server.calls("starting the run"):
        run = pipeline.client.run_pipeline(
            job_name=run_name or f"{pipeline.name} {time.strftime('%Y-%m-%d %H:%M:%S')}",
            **pipeline.run_arguments,
        )
    run_url = f"{server.url}/#/runs/details/{run.run_id}"
    report(f"run started: {run_url}")
    version = pipeline.version
    submission = Submission(
        run.run_id, run_url, version.pipeline_id, version.version_id, run.state or PENDING
    )
    if not wait:
        return submission
    state = wait_for_run(
        pipeline.client,
        server,
        run.run_id,
        run_url,
        tasks=set(pipeline.spec.root.dag.tasks),
        timeout=timeout,
        poll_seconds=poll_seconds,
        report=report,
    )
    return dataclasses.replace(submission, state=state)
