"""Open-source Kubeflow's launcher for one compiled pipeline, on this machine.

It follows kubeflow/pipelines, backend/src/v2 (component/launcher_v2.go) as of 2.17, and Argo's
retries. The driver says what a task is started with; each attempt is a pod with an empty disk, and
artifacts travel through an S3 server. Nothing here knows the pipeline: all comes from the file.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from pipelines.kubeflow.compiler import IMAGE_HOME
from tests.kubeflow.backend.cache import Cache
from tests.kubeflow.backend.driver import LOGS, BackendError, Driver, as_go_writes_it, local_path
from tests.kubeflow.backend.object_store import ObjectStore
from tests.kubeflow.backend.pods import Pod, PodServer, start_process


class TaskFailedError(Exception):
    """A task's last attempt failed."""


@dataclass
class Launcher:
    """Runs the tasks of a pipeline.

    Attributes:
        driver: The pipeline and its run.
        store: Where artifacts are kept.
        disks: Folder for the pods' disks.
        volumes: Folders that stand for volumes, by claim.
        hours: How long an attempt takes on the cluster, by task; no time by default.
        kill: Conditions by task. A task's first attempt is killed once its condition holds.
        lose: Tasks whose first attempt succeeds in a pod that is lost before the upload.
        processes: Tasks that run as an interpreter of their own, as all do in a cluster.
        pods: Starts the others.
        image_environment: Variables that the image sets.
        cache: What earlier runs have made.
        cached: Tasks whose outputs came from the cache.
        attempts: Number of attempts by task.
        logs: Log file of the last attempt by task.
    """

    driver: Driver
    store: ObjectStore
    disks: Path
    volumes: dict[str, Path] = field(default_factory=dict)
    hours: dict[str, float] = field(default_factory=dict)
    kill: dict[str, Callable[[], bool]] = field(default_factory=dict)
    lose: set[str] = field(default_factory=set)
    processes: set[str] = field(default_factory=set)
    pods: PodServer | None = None
    image_environment: dict[str, str] = field(default_factory=dict)
    cache: Cache = field(default_factory=Cache)
    cached: set[str] = field(default_factory=set)
    attempts: dict[str, int] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)

    def run(self) -> None:
        """Runs all tasks, each after those that it depends on.

        Raises:
            BackendError: Kubeflow cannot run a task.
            TaskFailedError: All attempts of a task failed. Those that started with it have run, and
                nothing after them, whatever it depends on: Kubeflow leaves Argo's failFast on.
        """
        for wave in self.driver.waves():
            failures = []
            for name in wave:
                try:
                    self.run_task(name)
                except TaskFailedError as error:
                    failures.append(error)
            if failures:
                raise failures[0]

    def next_run(self, disks: Path, **parameters: Any) -> Launcher:
        """Returns another run of the same pipeline on the same cluster.

        Args:
            disks: Folder for its pods' disks.
            parameters: Those of its parameters that differ.
        """
        given = {**self.driver.parameters, **parameters}
        return dataclasses.replace(
            self,
            driver=dataclasses.replace(self.driver, parameters=given, artifacts={}),
            disks=disks,
            hours={},
            kill={},
            attempts={},
            logs={},
            lose=set(),
            cached=set(),
        )

    def run_task(self, name: str) -> None:
        """Runs one task, with its retries."""
        if "importer" in self.driver.executor(name):
            self.driver.run_importer(name)
            return
        executor_input = self.driver.executor_input(name)
        if self.cache.find(self.driver, name, executor_input):
            self.cached.add(name)
            return
        policy = self.driver.tasks[name].get("retryPolicy", {})
        retries = int(policy.get("maxRetryCount", 0))
        # Argo's maxDuration. Without one Kubeflow's template sets 0.
        window = float(policy.get("backoffMaxDuration", "0s").removesuffix("s"))
        disk = self.disks / name
        for attempt in range(retries + 1):
            self.attempts[name] = attempt + 1
            code = self._run_pod(name, executor_input, disk, attempt)
            if code == 0 and not (name in self.lose and attempt == 0):
                self._publish(name, executor_input, disk, attempt)
                self.cache.add(self.driver, name, executor_input)
                return
            # Every pod has its disk under the same path, but finds nothing of the pod before it.
            disk.rename(disk.with_name(f"{name}.attempt-{attempt}"))
            self.logs[name] = disk.with_name(f"{name}.attempt-{attempt}") / "log.txt"
            if (attempt + 1) * self.hours.get(name, 0.0) * 3600 >= window:
                break
        raise TaskFailedError(
            f"{name}: exit code {code} in attempt {attempt + 1}\n"
            f"{self.logs[name].read_text()[-3000:]}"
        )

    def artifact(self, task: str, output: str) -> dict[str, Any]:
        """Returns an output as the next task would get it."""
        return self.driver.metadata.runtime_artifact(self.driver.artifacts[task, output])

    def read(self, task: str, output: str, file: str) -> bytes:
        """Returns a file of an output from the object store."""
        return self.store.read(f"{self.artifact(task, output)['uri']}/{file}")

    def _run_pod(self, name: str, executor_input: Any, disk: Path, attempt: int) -> int:
        for value in executor_input["inputs"].get("artifacts", {}).values():
            uri = value["artifacts"][0]["uri"]
            self.driver.check_bucket(uri)
            try:
                self.store.download(uri, _on_disk(disk, local_path(uri)))
            except OSError as error:
                raise BackendError(f"failed to download input artifact {uri}: {error}") from error
        for value in executor_input["outputs"]["artifacts"].values():
            folder = _on_disk(disk, local_path(value["artifacts"][0]["uri"])).parent
            folder.mkdir(parents=True, exist_ok=True)
        given = {**executor_input, "outputs": dict(executor_input["outputs"])}
        given["outputs"]["outputFile"] = self._root_in_pod(disk) + given["outputs"]["outputFile"]
        container = self.driver.executor(name)["container"]
        command = [
            part.replace("{{$}}", as_go_writes_it(given))
            for part in (*container["command"], *container["args"])
        ]
        assert not any("{{$." in part for part in container["args"]), "a placeholder is left"
        self.logs[name] = disk / "log.txt"
        pod = self._start(name, command, disk)
        return self._wait(name, pod)

    def _root_in_pod(self, disk: Path) -> str:
        """The root of the pod's disk, as the task sees it."""
        return str(disk)

    def _start(self, name: str, command: list[str], disk: Path) -> Pod:
        environment = {
            "WARMSTART_STAGING_ROOT": str(disk),
            **self.image_environment,
            **self._environment(name),
        }
        folders = {IMAGE_HOME: str(Path.cwd()), **self._mounted(name)}
        here = [_replaced(part, folders) for part in command]
        if name in self.processes:
            return start_process(here, environment, self.logs[name])
        assert self.pods is not None, f"nothing starts {name}"
        return self.pods.start(here, environment, self.logs[name])

    def _environment(self, name: str) -> dict[str, str]:
        """The container's variables; each names a volume."""
        mounted = self._mounted(name)
        variables = self.driver.executor(name)["container"].get("env", [])
        return {variable["name"]: mounted[variable["value"]] for variable in variables}

    def _mounted(self, name: str) -> dict[str, str]:
        """The folders of the volumes that a task mounts, by mount path."""
        return {
            path: str(self.volumes[claim])
            for path, claim in self.driver.mounts(name).items()
            if claim in self.volumes
        }

    def _wait(self, name: str, pod: Pod) -> int:
        while name in self.kill:
            try:
                return pod.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                if self.kill[name]():
                    del self.kill[name]
                    os.kill(pod.pid, signal.SIGKILL)
        return pod.wait()

    def _publish(self, name: str, executor_input: Any, disk: Path, attempt: int) -> None:
        """Uploads and records the outputs. What the executor reports takes precedence."""
        file = _on_disk(disk, executor_input["outputs"]["outputFile"])
        # Strict, as protojson is. A task need not report anything.
        message = json_format.Parse(
            file.read_text() if file.exists() else "{}", pipeline_spec_pb2.ExecutorOutput()
        )
        reported = json_format.MessageToDict(message).get("artifacts", {})
        for output, value in executor_input["outputs"]["artifacts"].items():
            (artifact,) = value["artifacts"]
            update = reported.get(output, {}).get("artifacts", [{}])[0]
            uri = update.get("uri") or artifact["uri"]
            path = _on_disk(disk, local_path(uri))
            if output == LOGS:
                uri, path = f"{uri}-{attempt}", self.logs[name]
            assert uri.startswith(f"{self.driver.pipeline_root}/"), f"{uri} is not uploaded"
            self.store.upload(path, uri)
            self.driver.artifacts[name, output] = self.driver.metadata.record(
                output, uri, artifact["type"], update.get("metadata", {})
            )


def _on_disk(disk: Path, path: str) -> Path:
    return disk / path.lstrip("/")


def _replaced(text: str, folders: dict[str, str]) -> str:
    """Puts this machine's folders in place of a pod's."""
    for path, folder in folders.items():
        text = text.replace(path, folder)
    return text
