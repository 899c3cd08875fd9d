"""Workers that a cluster starts, each alone with its TF_CONFIG, as the Kubernetes manifest does."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modules.training.checkpoints import CHECKPOINT_FOLDER
from modules.training.processes import LOST_ANOTHER_WORKER, free_ports
from modules.training.record import TrainingRecord
from tests.kubeflow.training_manifest import (
    manifest_object,
    operator_tf_config,
    worker_container,
    worker_spec,
)
from tests.training_domain import NETWORK, PREPROCESSING, PRETRAINING, TinyDomains

pytestmark = pytest.mark.e2e

STEPS = 200


@contextlib.contextmanager
def manifest_workers(job: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Starts the manifest's command once for each replica, with what the operator sets."""
    container = worker_container()
    _, *command = container["command"]
    addresses = [f"127.0.0.1:{port}" for port in free_ports(worker_spec()["replicas"])]
    workers = [
        subprocess.Popen(
            [sys.executable, *command, str(job)],
            env={**os.environ, "TF_CONFIG": operator_tf_config(addresses, worker)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for worker in range(len(addresses))
    ]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


@pytest.fixture
def job(tiny_domains: TinyDomains, tmp_path: Path) -> Path:
    """The manifest's job on tiny data."""
    told = json.loads(manifest_object("ConfigMap")["data"]["job.json"])
    told["examples"] = str(tiny_domains.source)
    told["transform_graph"] = str(tiny_domains.transform_graph)
    told["model"], told["model_run"] = (str(tmp_path / name) for name in ("model", "model_run"))
    plan = told["plan"]
    plan["network"] = NETWORK.model_dump()
    plan["preprocessing"] = PREPROCESSING.model_dump()
    plan["pretraining"] = PRETRAINING.model_copy(update={"steps": STEPS}).model_dump()
    plan["training"]["checkpoint_every_steps"] = 10
    path = tmp_path / "job.json"
    path.write_text(json.dumps(told))
    return path


def wait_for_a_checkpoint(folder: Path, chief: subprocess.Popen[str]) -> None:
    while not list(folder.glob("ckpt-*.index")):
        assert chief.poll() is None, chief.communicate()[1]
        time.sleep(0.01)


def test_sigterm_to_one_worker_saves_the_last_step_of_all(job: Path, tmp_path: Path) -> None:
    checkpoints = tmp_path / "model_run" / CHECKPOINT_FOLDER
    with manifest_workers(job) as (chief, other):
        wait_for_a_checkpoint(checkpoints, chief)
        other.send_signal(signal.SIGTERM)
        _, errors = chief.communicate(timeout=60)
        # Kubeflow starts containers again that end with 128 or more.
        assert chief.returncode == 128 + signal.SIGINT, errors
        assert other.wait(timeout=30) == 128 + signal.SIGTERM
    said = re.search(rf"Interrupted: The training is saved at step (\d+) of {STEPS}\.", errors)
    assert said, errors
    assert (checkpoints / f"ckpt-{said[1]}.index").exists()


def test_a_worker_that_lost_another_ends_to_be_started_again_from_the_checkpoint(
    job: Path, tmp_path: Path
) -> None:
    checkpoints = tmp_path / "model_run" / CHECKPOINT_FOLDER
    with manifest_workers(job) as (chief, other):
        wait_for_a_checkpoint(checkpoints, chief)
        other.send_signal(signal.SIGKILL)
        _, errors = chief.communicate(timeout=60)
        assert chief.returncode == LOST_ANOTHER_WORKER, errors
        assert "another worker does not answer" in errors
    assert not (tmp_path / "model").exists()
    with manifest_workers(job) as workers:
        _, errors = workers[0].communicate(timeout=120)
        assert [worker.wait(timeout=30) for worker in workers] == [0, 0]
    assert "Resumed from step" in errors
    assert TrainingRecord.read(str(tmp_path / "model_run")).steps == STEPS
    assert (tmp_path / "model" / "Format-Serving" / "saved_model.pb").exists()
