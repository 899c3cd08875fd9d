"""Kubeflow's driver: what a task of a compiled pipeline is started with.

It follows kubeflow/pipelines, backend/src/v2 (driver, component/importer_launcher.go), as of 2.17.
`tests/kubeflow/real_launcher/executor_inputs.json` holds what the real one handed over.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from tests.kubeflow.backend.metadata import Metadata
from tests.kubeflow.backend.object_store import bucket_and_key

LOGS = "executor-logs"
_FOLDERS = {"s3": "s3", "minio": "minio", "gs": "gcs"}


class BackendError(Exception):
    """Kubeflow itself refuses or fails, before or after the container has run."""


@dataclass
class Driver:
    """Resolves the inputs of a pipeline's tasks.

    Attributes:
        spec_file: What `warmstart compile` wrote.
        pipeline_root: The run's. The server does not look at the specification's.
        parameters: Values of the run's parameters.
        metadata: Artifacts of the run.
        artifacts: Ids of artifacts by task and output, once the task is done.
    """

    spec_file: Path
    pipeline_root: str
    parameters: dict[str, Any]
    metadata: Metadata = field(default_factory=Metadata)
    artifacts: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        documents = list(yaml.safe_load_all(self.spec_file.read_text()))
        self.spec: dict[str, Any] = documents[0]
        self.platform: dict[str, Any] = documents[1] if len(documents) > 1 else {}
        # Strict, as the API server is.
        json_format.ParseDict(self.spec, pipeline_spec_pb2.PipelineSpec())
        json_format.ParseDict(self.platform, pipeline_spec_pb2.PlatformSpec())
        declared = self.spec["root"].get("inputDefinitions", {}).get("parameters", {})
        if unknown := set(self.parameters) - set(declared):
            raise BackendError(f"parameters {sorted(unknown)} are not defined in the pipeline")
        self._values = {
            name: self.parameters.get(name, value.get("defaultValue"))
            for name, value in declared.items()
        }
        self._run_id = str(uuid.uuid4())

    @property
    def tasks(self) -> dict[str, Any]:
        """The tasks of the root DAG by name."""
        tasks: dict[str, Any] = self.spec["root"]["dag"]["tasks"]
        return tasks

    def waves(self) -> Iterator[list[str]]:
        """Yields the tasks that can start at once, after those before them."""
        done: set[str] = set()
        while len(done) < len(self.tasks):
            ready = [
                name
                for name, task in sorted(self.tasks.items())
                if name not in done and set(task.get("dependentTasks", [])) <= done
            ]
            assert ready, "the tasks depend on each other in a circle"
            yield ready
            done.update(ready)

    def order(self) -> list[str]:
        """Returns the tasks in topological order."""
        return [name for wave in self.waves() for name in wave]

    def order_up_to(self, task: str) -> list[str]:
        """Returns a task after all that it depends on, in topological order."""
        needed, queue = {task}, [task]
        while queue:
            before = set(self.tasks[queue.pop()].get("dependentTasks", [])) - needed
            needed |= before
            queue += before
        return [name for name in self.order() if name in needed]

    def component(self, task: str) -> Any:
        """Returns the component of a task."""
        return self.spec["components"][self.tasks[task]["componentRef"]["name"]]

    def executor(self, task: str) -> Any:
        """Returns the executor of a task: a container or an importer."""
        return self.spec["deploymentSpec"]["executors"][self.component(task)["executorLabel"]]

    def mounts(self, task: str) -> dict[str, str]:
        """Returns the claims that a task mounts, by mount path."""
        platforms = self.platform.get("platforms", {"kubernetes": {"deploymentSpec": {}}})
        executors = platforms["kubernetes"]["deploymentSpec"].get("executors", {})
        executor = executors.get(self.component(task)["executorLabel"], {})
        return {mount["mountPath"]: mount["constant"] for mount in executor.get("pvcMount", [])}

    def executor_input(self, name: str) -> dict[str, Any]:
        """Returns a task's ExecutorInput, as JSON. It is the same in each attempt."""
        pipeline = self.spec["pipelineInfo"]["name"]
        base = f"{self.pipeline_root}/{pipeline}/{self._run_id}/{name}/{uuid.uuid4()}"
        declared = self.component(name).get("outputDefinitions", {}).get("artifacts", {})
        types = {output: value["artifactType"] for output, value in declared.items()}
        # With PUBLISH_LOGS, which is the default.
        types[LOGS] = {"schemaTitle": "system.Artifact"}
        given = self.tasks[name].get("inputs", {})
        inputs = {
            "parameterValues": {
                key: self._parameter(value) for key, value in given.get("parameters", {}).items()
            },
            "artifacts": {
                key: {"artifacts": [self._input_artifact(value)]}
                for key, value in given.get("artifacts", {}).items()
            },
        }
        outputs = {
            "artifacts": {
                output: {"artifacts": [{"name": output, "uri": f"{base}/{output}", "type": type_}]}
                for output, type_ in types.items()
            },
            "outputFile": local_path(f"{base}/output_metadata.json"),
        }
        given_inputs = {key: value for key, value in inputs.items() if value}
        return {"inputs": given_inputs, "outputs": outputs}

    def run_importer(self, name: str) -> None:
        """Records the artifact that an importer stands for."""
        importer = self.executor(name)["importer"]
        source = importer["artifactUri"]
        uri = source.get("constant")
        if "runtimeParameter" in source:
            given = self.tasks[name]["inputs"]["parameters"][source["runtimeParameter"]]
            parameter = given.get("componentInputParameter", "")
            if parameter not in self._values:
                raise BackendError(
                    f"cannot find parameter {parameter} in parent task input to fetch artifact uri"
                )
            uri = self._values[parameter]
        if not uri:
            raise BackendError("artifact uri not provided")
        (output,) = self.component(name)["outputDefinitions"]["artifacts"]
        metadata = importer.get("metadata", {})
        self.artifacts[name, output] = self.metadata.find_or_record(
            output, uri, importer["typeSchema"], metadata
        )

    def check_bucket(self, uri: str) -> None:
        """The launcher has credentials for the run's bucket, and no other.

        Raises:
            BackendError: The URI lies in another bucket.
        """
        bucket = bucket_and_key(uri)[0]
        if bucket != bucket_and_key(self.pipeline_root)[0]:
            raise BackendError(f"failed to get bucket {bucket} for {uri}")

    def _parameter(self, value: dict[str, Any]) -> Any:
        if "componentInputParameter" in value:
            return self._values[value["componentInputParameter"]]
        return value["runtimeValue"]["constant"]

    def _input_artifact(self, value: dict[str, Any]) -> dict[str, Any]:
        producer = value["taskOutputArtifact"]
        return self.metadata.runtime_artifact(
            self.artifacts[producer["producerTask"], producer["outputArtifactKey"]]
        )


def local_path(uri: str) -> str:
    """Returns where a pod keeps an object (launcher_v2.go, `LocalPathForURI`)."""
    scheme, _, key = uri.partition("://")
    return f"/{_FOLDERS[scheme]}/{key}"


def as_go_writes_it(executor_input: dict[str, Any]) -> str:
    """Returns an ExecutorInput as Go's protojson writes it: whole numbers have no point."""
    message = json_format.ParseDict(executor_input, pipeline_spec_pb2.ExecutorInput())
    return json.dumps(_without_points(json_format.MessageToDict(message)))


def _without_points(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_points(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_points(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
