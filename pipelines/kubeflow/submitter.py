"""Uploads a compiled pipeline to Kubeflow Pipelines, starts a run and waits for it to end."""

from __future__ import annotations

import dataclasses
import functools
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

_PENDING, _SUCCEEDED = "PENDING", "SUCCEEDED"
_FINAL_STATES = (_SUCCEEDED, "FAILED", "SKIPPED", "CANCELED", "ERROR")
_TOLERATED_POLL_ERRORS = 5


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
    content. A version that already exists is not uploaded again.

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
    submission = Submission(run.run_id, run_url, pipeline_id, version_id, run.state or _PENDING)
    if not wait:
        return submission
    tasks = set(spec.root.dag.tasks)
    state = _wait(submission, client, server, tasks, timeout, poll_seconds, report)
    return dataclasses.replace(submission, state=state)


def _upload(
    client: kfp.Client, spec_file: Path, name: str, namespace: str | None
) -> tuple[str, str, str]:
    """Returns the ids of the pipeline and of its version, and what was done."""
    version_name = f"sha256-{hashlib.sha256(spec_file.read_bytes()).hexdigest()[:16]}"
    list_pipelines = functools.partial(client.list_pipelines, namespace=namespace)
    pipeline = _find(list_pipelines, "pipelines", name)
    if pipeline is None:
        pipeline_id = client.upload_pipeline(
            str(spec_file), pipeline_name=name, namespace=namespace
        ).pipeline_id
        first = client.list_pipeline_versions(pipeline_id, page_size=1).pipeline_versions[0]
        return pipeline_id, first.pipeline_version_id, "uploaded as a new pipeline"
    pipeline_id = pipeline.pipeline_id
    list_versions = functools.partial(client.list_pipeline_versions, pipeline_id)
    if version := _find(list_versions, "pipeline_versions", version_name):
        return pipeline_id, version.pipeline_version_id, f"version {version_name} already exists"
    version = client.upload_pipeline_version(
        str(spec_file), pipeline_version_name=version_name, pipeline_id=pipeline_id
    )
    return pipeline_id, version.pipeline_version_id, f"uploaded as version {version_name}"


def _find(list_page: Callable[..., Any], field: str, name: str) -> Any | None:
    """Returns the item with a display name from a paged list, or None."""
    token = ""
    while True:
        page = list_page(page_token=token, page_size=100)
        for item in getattr(page, field) or []:
            if item.display_name == name:
                return item
        if not (token := page.next_page_token):
            return None


def _wait(
    submission: Submission,
    client: kfp.Client,
    server: Server,
    tasks: set[str],
    timeout: float,
    poll_seconds: float,
    report: Callable[[str], None],
) -> str:
    """Polls the run until it ends. kfp's own wait never returns from a cancelled run."""
    deadline = time.monotonic() + timeout
    errors, last_line = 0, ""
    while True:
        try:
            with server.calls(f"polling run {submission.run_id}"):
                run = client.get_run(submission.run_id)
        except WarmstartError as error:
            errors += 1
            if errors > _TOLERATED_POLL_ERRORS:
                message = f"{error}\nThe run itself continues: {submission.run_url}"
                raise WarmstartError(message) from None
        else:
            errors = 0
            state = run.state or _PENDING
            if (line := _progress(run, state, tasks)) != last_line:
                report(line)
                last_line = line
            if state == _SUCCEEDED:
                return state
            if state in _FINAL_STATES:
                raise WarmstartError(_failure(run, state, submission.run_url))
        if time.monotonic() >= deadline:
            raise WarmstartError(
                f"run {submission.run_id} has not ended after {timeout:g} seconds. It continues: "
                f"{submission.run_url}"
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
