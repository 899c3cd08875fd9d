"""Open-source Kubeflow's driver and launcher for one compiled pipeline, on this machine.

It follows kubeflow/pipelines, backend/src/v2 (driver.go, launcher_v2.go, object_store.go,
metadata/converter.go, release 2.5). Outputs get a URI below the pipeline root, inputs are rebuilt
from ML Metadata, and placeholders are replaced. Each attempt is a process with its own empty disk.
Artifacts travel as files through an object store, which loses empty folders.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from pipelines.kubeflow.compiler import IMAGE_HOME

_FOLDERS = {"s3": "s3", "minio": "minio", "gs": "gcs"}
_OUTPUT_FILE = "kfp_outputs/output_metadata.json"


class TaskFailedError(Exception):
    """A task's last attempt failed."""


@dataclass(frozen=True)
class StoredArtifact:
    """What ML Metadata knows about an artifact."""

    id: int
    uri: str
    metadata: dict[str, Any]
    type: dict[str, Any]


@dataclass
class Launcher:
    """Runs the tasks of a pipeline specification.

    Attributes:
        spec_file: What `warmstart compile` wrote.
        root: Folder for the object store and the pods' disks.
        types: Types of input artifacts: `full`, or `empty`, as in release 2.5.
        parameters: Values of the run's parameters.
        state_volume: Folder that stands for the volume with the state of interrupted trainings.
        kill: Conditions by task. A task's first attempt is killed once its condition holds.
        lose: Tasks whose first attempt succeeds in a pod that is lost before the upload.
        outputs: Artifacts by task and output, once the task is done.
        attempts: Number of attempts by task.
        logs: Log file of the last attempt by task.
    """

    spec_file: Path
    root: Path
    types: Literal["full", "empty"] = "full"
    parameters: dict[str, Any] = field(default_factory=dict)
    state_volume: Path | None = None
    kill: dict[str, Callable[[], bool]] = field(default_factory=dict)
    lose: set[str] = field(default_factory=set)
    outputs: dict[tuple[str, str], StoredArtifact] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._spec = next(yaml.safe_load_all(self.spec_file.read_text()))
        declared = self._spec["root"]["inputDefinitions"]["parameters"]
        assert set(self.parameters) <= set(declared)
        self._values = {
            name: self.parameters.get(name, value["defaultValue"])
            for name, value in declared.items()
        }
        self._run_id = str(uuid.uuid4())

    @property
    def tasks(self) -> dict[str, Any]:
        """The tasks of the root DAG by name."""
        return self._spec["root"]["dag"]["tasks"]

    def run(self) -> None:
        """Runs all tasks, each after those that it depends on.

        Raises:
            TaskFailedError: All attempts of a task failed. Later tasks have not run.
        """
        for name in self.order():
            self.run_task(name)

    def order(self) -> list[str]:
        """Returns the tasks in topological order."""
        done: list[str] = []
        while len(done) < len(self.tasks):
            ready = [
                name
                for name, task in sorted(self.tasks.items())
                if name not in done and set(task.get("dependentTasks", [])) <= set(done)
            ]
            assert ready, "the tasks depend on each other in a circle"
            done += ready
        return done

    def run_task(self, name: str) -> None:
        """Runs one task, with its retries."""
        task = self.tasks[name]
        component = self._spec["components"][task["componentRef"]["name"]]
        executor = self._spec["deploymentSpec"]["executors"][component["executorLabel"]]
        if "importer" in executor:
            self._import(name, task, executor["importer"])
            return
        executor_input = self._executor_input(name, task, component)
        retries = task.get("retryPolicy", {}).get("maxRetryCount", 0)
        pod = self.root / "pods" / name
        for attempt in range(retries + 1):
            self.attempts[name] = attempt + 1
            code = self._run_pod(name, executor["container"], executor_input, pod)
            if code == 0 and not (name in self.lose and attempt == 0):
                self._publish(name, executor_input, pod)
                return
            # Every pod has its disk under the same path, but finds nothing of the pod before it.
            self.logs[name] = pod.with_name(f"{name}.attempt-{attempt}") / "log.txt"
            pod.rename(self.logs[name].parent)
        raise TaskFailedError(f"{name}: exit code {code}\n{self.logs[name].read_text()[-3000:]}")

    def local_copy(self, task: str, output: str, folder: Path) -> Path:
        """Downloads an artifact, as the next task would."""
        return self._download(self.outputs[task, output].uri, folder)

    def object_path(self, uri: str) -> Path:
        """Returns where the object store keeps the objects below a URI."""
        return self.root / "store" / uri.replace("://", "/")

    def _executor_input(self, name: str, task: Any, component: Any) -> dict[str, Any]:
        salt = str(uuid.uuid4())
        base = f"{self._spec['defaultPipelineRoot']}/{self._spec['pipelineInfo']['name']}"
        declared = component.get("outputDefinitions", {}).get("artifacts", {})
        outputs = {
            output: _artifacts(
                uri=f"{base}/{self._run_id}/{name}/{salt}/{output}",
                type=value["artifactType"],
                metadata=value.get("metadata", {}),
            )
            for output, value in declared.items()
        }
        # With PUBLISH_LOGS the driver adds this output.
        outputs["executor-logs"] = _artifacts(
            uri=f"{base}/{self._run_id}/{name}/{salt}/executor-logs",
            type={"schemaTitle": "system.Artifact"},
        )
        given = task.get("inputs", {})
        return {
            "inputs": {
                "parameterValues": {
                    key: self._parameter(value)
                    for key, value in given.get("parameters", {}).items()
                },
                "artifacts": {
                    key: self._input_artifact(value["taskOutputArtifact"])
                    for key, value in given.get("artifacts", {}).items()
                },
            },
            "outputs": {"artifacts": outputs},
        }

    def _parameter(self, value: dict[str, Any]) -> Any:
        if "componentInputParameter" in value:
            return self._values[value["componentInputParameter"]]
        return value["runtimeValue"]["constant"]

    def _input_artifact(self, producer: dict[str, str]) -> dict[str, Any]:
        stored = self.outputs[producer["producerTask"], producer["outputArtifactKey"]]
        fields: dict[str, Any] = {
            "name": str(stored.id),
            "uri": stored.uri,
            "metadata": {
                **stored.metadata,
                "display_name": producer["outputArtifactKey"],
                "store_session_info": '{"Provider":"s3"}',
            },
        }
        if self.types == "full":
            fields["type"] = stored.type
        return _artifacts(**fields)

    def _run_pod(self, name: str, container: Any, executor_input: Any, pod: Path) -> int:
        executor_input["outputs"]["outputFile"] = self._output_file(pod)
        for value in executor_input["inputs"]["artifacts"].values():
            self._download(value["artifacts"][0]["uri"], pod)
        for value in executor_input["outputs"]["artifacts"].values():
            _staged(pod, value["artifacts"][0]["uri"]).parent.mkdir(parents=True, exist_ok=True)
        # Strict, as protojson is.
        message = json_format.ParseDict(executor_input, pipeline_spec_pb2.ExecutorInput())
        text = json_format.MessageToJson(message)
        command = [
            part.replace("{{$}}", text) for part in (*container["command"], *container["args"])
        ]
        assert command[0] == "python"
        self.logs[name] = pod / "log.txt"
        with self.logs[name].open("w") as log:
            return self._wait(name, self._start(command, container, pod, log))

    def _output_file(self, pod: Path) -> str:
        return str(pod / _OUTPUT_FILE)

    def _start(
        self, command: list[str], container: Any, pod: Path, log: TextIO
    ) -> subprocess.Popen[bytes]:
        """Runs the command here instead of in the image: this checkout has the same files."""
        environment = {**os.environ, "WARMSTART_STAGING_ROOT": str(pod)}
        for variable in container.get("env", []):
            assert self.state_volume, f"{variable} asks for a volume"
            environment[variable["name"]] = str(self.state_volume)
        here = [part.replace(IMAGE_HOME, str(Path.cwd())) for part in command[1:]]
        return subprocess.Popen(
            [sys.executable, *here], env=environment, stdout=log, stderr=subprocess.STDOUT
        )

    def _wait(self, name: str, process: subprocess.Popen[bytes]) -> int:
        while name in self.kill and process.poll() is None:
            if self.kill[name]():
                del self.kill[name]
                process.kill()
            time.sleep(0.02)
        return process.wait()

    def _publish(self, name: str, executor_input: Any, pod: Path) -> None:
        """Uploads and records the outputs. What the executor reports takes precedence."""
        text = (pod / _OUTPUT_FILE).read_text()
        reported = json_format.MessageToDict(
            json_format.Parse(text, pipeline_spec_pb2.ExecutorOutput())
        ).get("artifacts", {})
        for output, value in executor_input["outputs"]["artifacts"].items():
            (artifact,) = value["artifacts"]
            update = reported.get(output, {}).get("artifacts", [{}])[0]
            uri = update.get("uri") or artifact["uri"]
            assert uri.startswith(self._spec["defaultPipelineRoot"]), f"{uri} is not uploaded"
            self._upload(_staged(pod, uri), uri)
            metadata = {**artifact.get("metadata", {}), **update.get("metadata", {})}
            self._store(name, output, uri, metadata, artifact["type"])

    def _import(self, name: str, task: Any, importer: Any) -> None:
        parameter = importer["artifactUri"]["runtimeParameter"]
        uri = self._parameter(task["inputs"]["parameters"][parameter])
        self._store(name, "artifact", uri, {}, importer["typeSchema"])

    def _store(self, task: str, output: str, uri: str, metadata: Any, type_: Any) -> None:
        assert type_, f"{task}.{output}: the launcher stores no artifact without a type"
        kept = {key: _ml_metadata_value(value) for key, value in metadata.items()}
        self.outputs[task, output] = StoredArtifact(len(self.outputs) + 1, uri, kept, type_)

    def _upload(self, source: Path, uri: str) -> None:
        for path in [source] if source.is_file() else source.rglob("*"):
            if path.is_file():
                target = self.object_path(uri) / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)

    def _download(self, uri: str, pod: Path) -> Path:
        """Copies objects. An object store has no folders, so empty ones are not copied."""
        target = _staged(pod, uri)
        stored = self.object_path(uri)
        for path in stored.rglob("*"):
            if path.is_file():
                copy = target / path.relative_to(stored)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        return target


def _staged(pod: Path, uri: str) -> Path:
    scheme, _, key = uri.partition("://")
    return pod / _FOLDERS[scheme] / key


def _artifacts(**fields: Any) -> dict[str, Any]:
    return {"artifacts": [fields]}


def _ml_metadata_value(value: Any) -> Any:
    """ML Metadata has no booleans, and the launcher cannot store null."""
    assert value is not None, "the launcher fails on null"
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return {"list": value}
    return {"struct": value} if isinstance(value, dict) else value
