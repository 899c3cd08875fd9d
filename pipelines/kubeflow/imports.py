"""Data in an object store that only Kubeflow's launcher can read: imported as artifacts."""

from __future__ import annotations

from typing import Any

from pipelines.kubeflow.parameters import Spec, add_binding

_INPUT = "data"
_OUTPUT = "artifact"
_TYPE: dict[str, Any] = {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}


def needs_import(path: str) -> bool:
    """Whether a data path is in a store that TensorFlow cannot read by itself."""
    return path.startswith(("s3://", "minio://"))


def import_data(spec: Spec, task_name: str, importer_name: str) -> None:
    """Lets Kubeflow's launcher download a task's `input_base`, in place.

    Args:
        spec: The compiled pipeline.
        task_name: The task that reads the data.
        importer_name: Name of the importer node to add.
    """
    tasks = spec["root"]["dag"]["tasks"]
    task = tasks[task_name]
    uri = task["inputs"]["parameters"]["input_base"]
    label = f"{importer_name}_executor"
    spec["components"][importer_name] = {
        "executorLabel": label,
        "inputDefinitions": {"parameters": {"uri": {"parameterType": "STRING"}}},
        "outputDefinitions": {"artifacts": {_OUTPUT: {"artifactType": _TYPE}}},
    }
    spec["deploymentSpec"]["executors"][label] = {
        "importer": {"artifactUri": {"runtimeParameter": "uri"}, "typeSchema": _TYPE}
    }
    tasks[importer_name] = {
        "taskInfo": {"name": importer_name},
        "componentRef": {"name": importer_name},
        "cachingOptions": {"enableCache": True},
        "inputs": {"parameters": {"uri": uri}},
    }
    component = spec["components"][task_name]
    definitions = component["inputDefinitions"].setdefault("artifacts", {})
    definitions[_INPUT] = {"artifactType": _TYPE}
    producer = {"producerTask": importer_name, "outputArtifactKey": _OUTPUT}
    task["inputs"].setdefault("artifacts", {})[_INPUT] = {"taskOutputArtifact": producer}
    task.setdefault("dependentTasks", []).append(importer_name)
    add_binding(spec, task, _INPUT, {"type": "artifact", "paths": [["input_base"]]})
