"""Uploads a compiled pipeline to Kubeflow Pipelines, starts a run and waits for its end."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modules.core.errors import WarmstartError
from pipelines.kubeflow.server import Server
from pipelines.kubeflow.spec import parse_parameters, read_pipeline_spec

if TYPE_CHECKING:
    import kfp

_SUCCEEDED = "SUCCEEDED"
_FINAL_STATES = (_SUCCEEDED, "FAILED", "SKIPPED", "CANCELED", "ERROR")
_TOLERATED_POLL_ERRORS = 5


@dataclass(frozen=True)
class Submission:
    """A run that was started.

    Attributes:
        run_id: The server's id of the run.
        run_url: The run's page in the Kubeflow Pipelines UI.
        pipeline_id: The pipeline under which the specification was uploaded.
        version_id: The version of it that the run uses.
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

    The first submission uploads a new pipeline; later ones add a version to it, named after the
    file's content, and a file that is already there is not uploaded again.

    Args:
        spec_file: A file written by `warmstart compile`.
        server: Where to submit it.
        parameters: Run parameters as texts, such as `{"shots": "1"}`.
        experiment: The experiment that the run is filed under; made if it does not exist.
        run_name: Name of the run; the pipeline's name and the time by default.
        wait: Return only when the run has ended.
        timeout: Seconds to wait at most.
        poll_seconds: Seconds between two looks at the run.
        report: Is told what happens, a line at a time.

    Returns:
        The run, in its last known state.

    Raises:
        ConfigError: The file or a parameter is refused before anything is sent.
        WarmstartError: The server cannot be reached, refuses, or the run ends without success.
    """
    spec = read_pipeline_spec(spec_file)
    typed = parse_parameters(spec, parameters or {})
    name = spec.pipeline_info.name
    client = server.connect()
    with server.calls(f"uploading {spec_file}"):
        pipeline_id, version_id, uploaded = _upload(client, spec_file, name, server.namespace)
    report(f"pipeline {name}: {uploaded}")
    with server.calls("starting the run"):
        run = client.run_pipeline(
            experiment_id=client.create_experiment(
                experiment, namespace=server.namespace
            ).experiment_id,
            job_name=run_name or f"{name} {time.strftime('%Y-%m-%d %H:%M:%S')}",
            pipeline_id=pipeline_id,
            version_id=version_id,
            params=typed,
            pipeline_root=spec.default_pipeline_root or None,
        )
    run_url = f"{server.url}/#/runs/details/{run.run_id}"
    report(f"run started: {run_url}")
    state = run.state or "PENDING"
    if wait:
        tasks = set(spec.root.dag.tasks)
        state = _wait(client, server, run.run_id, run_url, tasks, timeout, poll_seconds, report)
    return Submission(run.run_id, run_url, pipeline_id, version_id, state)


def _upload(
    client: kfp.Client, spec_file: Path, name: str, namespace: str | None
) -> tuple[str, str, str]:
    """Returns the ids of the pipeline and of its version, and what was done."""
    version_name = f"sha256-{hashlib.sha256(spec_file.read_bytes()).hexdigest()[:16]}"
    pipeline_id = _find_pipeline(client, name, namespace)
    if pipeline_id is None:
        pipeline_id = client.upload_pipeline(
            str(spec_file), pipeline_name=name, namespace=namespace
        ).pipeline_id
        first = client.list_pipeline_versions(pipeline_id, page_size=1).pipeline_versions[0]
        return pipeline_id, first.pipeline_version_id, "uploaded as a new pipeline"
    if version_id := _find_version(client, pipeline_id, version_name):
        return pipeline_id, version_id, f"version {version_name} is there already"
    version = client.upload_pipeline_version(
        str(spec_file), pipeline_version_name=version_name, pipeline_id=pipeline_id
    )
    return pipeline_id, version.pipeline_version_id, f"uploaded as version {version_name}"


def _find_pipeline(client: kfp.Client, name: str, namespace: str | None) -> str | None:
    token = ""
    while True:
        page = client.list_pipelines(page_token=token, page_size=100, namespace=namespace)
        for pipeline in page.pipelines or []:
            if pipeline.display_name == name:
                return pipeline.pipeline_id
        token = page.next_page_token or ""
        if not token:
            return None


def _find_version(client: kfp.Client, pipeline_id: str, version_name: str) -> str | None:
    token = ""
    while True:
        page = client.list_pipeline_versions(pipeline_id, page_token=token, page_size=100)
        for version in page.pipeline_versions or []:
            if version.display_name == version_name:
                return version.pipeline_version_id
        token = page.next_page_token or ""
        if not token:
            return None


def _wait(
    client: kfp.Client,
    server: Server,
    run_id: str,
    run_url: str,
    tasks: set[str],
    timeout: float,
    poll_seconds: float,
    report: Callable[[str], None],
) -> str:
    """Polls the run until it ends; kfp's own wait never returns from a cancelled run."""
    deadline = time.monotonic() + timeout
    errors, last_line = 0, ""
    while True:
        try:
            with server.calls(f"looking at run {run_id}"):
                run = client.get_run(run_id)
            errors = 0
        except WarmstartError as error:
            errors += 1
            if errors > _TOLERATED_POLL_ERRORS:
                raise WarmstartError(f"{error}\nThe run itself goes on: {run_url}") from None
        else:
            state = run.state or "PENDING"
            if (line := _progress(run, state, tasks)) != last_line:
                report(line)
                last_line = line
            if state == _SUCCEEDED:
                return state
            if state in _FINAL_STATES:
                raise WarmstartError(_failure(run, state, run_url))
        if time.monotonic() >= deadline:
            raise WarmstartError(
                f"run {run_id} has not ended after {timeout:g} seconds. It goes on: {run_url}"
            )
        time.sleep(poll_seconds)


def _progress(run: Any, state: str, tasks: set[str]) -> str:
    done = {
        task.display_name
        for task in _task_details(run)
        if task.display_name in tasks and task.state in (_SUCCEEDED, "SKIPPED", "CACHED")
    }
    return f"{state.lower()}: {len(done)} of {len(tasks)} tasks done"


def _failure(run: Any, state: str, run_url: str) -> str:
    lines = [f"run {run.run_id} ended as {state}. Logs of each task: {run_url}"]
    if run.error and run.error.message:
        lines.append(f"  {run.error.message}")
    for task in _task_details(run):
        if task.state in ("FAILED", "ERROR"):
            message = task.error.message if task.error else "no message"
            lines.append(f"  {task.display_name}: {message}")
    return "\n".join(lines)


def _task_details(run: Any) -> list[Any]:
    return (run.run_details and run.run_details.task_details) or []
