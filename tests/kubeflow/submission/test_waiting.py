"""`warmstart submit --wait`: how a run went, and why it failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kubeflow.submission.kfp_api_server import Fault, KfpApiServer
from tests.kubeflow.submission.submitting import message_of, run


def test_waiting_returns_when_the_run_has_succeeded(api: KfpApiServer, spec_file: Path) -> None:
    api.run_states = ["PENDING", "RUNNING", "RUNNING", "SUCCEEDED"]
    api.finished_tasks = ["train", "train-driver"]
    submission, lines = run(api, spec_file, wait=True)
    assert submission.state == "SUCCEEDED"
    assert lines[-2:] == ["running: 1 of 1 tasks done", "succeeded: 1 of 1 tasks done"]


@pytest.mark.parametrize("state", ["FAILED", "CANCELED"])
def test_waiting_raises_with_the_failed_task_when_the_run_ends_otherwise(
    api: KfpApiServer, spec_file: Path, state: str
) -> None:
    api.run_states = ["RUNNING", state]
    api.failed_tasks = {"train": "OOMKilled (exit code 137)"}
    message = message_of(api, spec_file, wait=True)
    assert f"ended as {state}" in message
    assert message.splitlines()[1:] == ["  train: OOMKilled (exit code 137)"]


def test_argos_own_nodes_are_named_only_if_no_task_has_failed(
    api: KfpApiServer, spec_file: Path
) -> None:
    api.run_states = ["FAILED"]
    api.failed_nodes = {"root": "child failed", "train-driver": "no such bucket"}
    message = message_of(api, spec_file, wait=True)
    assert message.splitlines()[1:] == ["  root: child failed", "  train-driver: no such bucket"]
    api.run_states = ["FAILED"]
    api.failed_tasks = {"train": "Error (exit code 1)"}
    message = message_of(api, spec_file, wait=True)
    assert message.splitlines()[1:] == ["  train: Error (exit code 1)"]


def test_waiting_ends_at_the_timeout_and_says_that_the_run_continues(
    api: KfpApiServer, spec_file: Path
) -> None:
    api.run_states = ["RUNNING"]
    assert "has not ended after 0.05 seconds. It continues: http://127.0.0.1" in message_of(
        api, spec_file, wait=True, timeout=0.05
    )


def test_waiting_survives_a_server_that_fails_for_a_moment(
    api: KfpApiServer, spec_file: Path
) -> None:
    api.faults["GET", "/runs"] = Fault(503, b"upstream connect error", times=5)
    submission, _ = run(api, spec_file, wait=True)
    assert submission.state == "SUCCEEDED"


def test_waiting_ends_if_the_server_keeps_failing_and_says_that_the_run_continues(
    api: KfpApiServer, spec_file: Path
) -> None:
    api.faults["GET", "/runs"] = Fault(503, b"upstream connect error")
    message = message_of(api, spec_file, wait=True)
    assert "the server failed (HTTP 503: upstream connect error)" in message
    assert "The run itself continues: http://127.0.0.1" in message
    assert api.requested("GET", "/runs") == 6
