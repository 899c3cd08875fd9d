"""Waits for a run on Kubeflow Pipelines and says how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from modules.core.errors import WarmstartError
from pipelines.kubeflow.server import Server

if TYPE_CHECKING:
    import kfp

PENDING = "PENDING"
_SUCCEEDED = "SUCCEEDED"
_FAILED_STATES = ("FAILED", "ERROR")
_FINAL_STATES = (_SUCCEEDED, *_FAILED_STATES, "SKIPPED", "CANCELED")
_TOLERATED_POLL_ERRORS = 5


def wait_for_run(
    client: kfp.Client,
    server: Server,
    run_id: str,
    run_url: str,
    *,
    tasks: set[str],
    timeout: float,
    poll_seconds: float,
    report: Callable[[str], None],
) -> str:
    """Polls a run until it ends. kfp's own wait never returns from a cancelled run.

    Args:
        client: The client to poll with.
        server: The server that the client is connected to.
        run_id: The server's id of the run.
        run_url: The run's page in the UI.
        tasks: Names of the pipeline's tasks.
        timeout: Longest time to wait, in seconds.
        poll_seconds: Seconds between two requests for the run's state.
        report: Called with each change of the run's progress.

    Returns:
        The final state: SUCCEEDED.

    Raises:
        WarmstartError: The run has not succeeded, has not ended in time, or the server keeps
            failing.
    """
    deadline = time.monotonic() + timeout
    errors, last_line = 0, ""
    while True:
        try:
            with server.calls(f"polling run {run_id}"):
                run = client.get_run(run_id)
        except WarmstartError as error:
            errors += 1
            if errors > _TOLERATED_POLL_ERRORS:
                message = f"{error}\nThe run itself continues: {run_url}"
                raise WarmstartError(message) from None
        else:
            errors = 0
            state = run.state or PENDING
            if (line := _progress(run, state, tasks)) != last_line:
                report(line)
                last_line = line
            if state == _SUCCEEDED:
                return state
            if state in _FINAL_STATES:
                raise WarmstartError(_failure(run, state, tasks, run_url))
        if time.monotonic() >= deadline:
            raise WarmstartError(
                f"run {run_id} has not ended after {timeout:g} seconds. It continues: {run_url}"
            )
        time.sleep(poll_seconds)


def _progress(run: Any, state: str, tasks: set[str]) -> str:
    done = {
        node.display_name
        for node in _nodes(run)
        if node.display_name in tasks and node.state in (_SUCCEEDED, "SKIPPED", "CACHED")
    }
    return f"{state.lower()}: {len(done)} of {len(tasks)} tasks done"


def _failure(run: Any, state: str, tasks: set[str], run_url: str) -> str:
    lines = [f"run {run.run_id} ended as {state}. Logs of each task: {run_url}"]
    if run.error and run.error.message:
        lines.append(f"  {run.error.message}")
    failed = [node for node in _nodes(run) if node.state in _FAILED_STATES]
    # Argo's own nodes (DAGs, drivers, attempts) fail with the task: only if none of the pipeline's
    # tasks has failed do they say anything new.
    for node in [node for node in failed if node.display_name in tasks] or failed:
        lines.append(f"  {node.display_name}: {_reason(node, _nodes(run)) or 'no message'}")
    return "\n".join(lines)


def _reason(node: Any, nodes: list[Any]) -> str:
    """Returns why a node failed. Where a task has a pod of its own, that one knows it."""
    children = {child.pod_name or child.task_id for child in node.child_tasks or []}
    for below in nodes:
        is_child = {below.pod_name, below.task_id} & children
        if is_child and below.state in _FAILED_STATES and (reason := _reason(below, nodes)):
            return reason
    return (node.error and node.error.message) or ""


def _nodes(run: Any) -> list[Any]:
    """Returns the run's nodes: the pipeline's tasks, and those that Argo adds."""
    return (run.run_details and run.run_details.task_details) or []
