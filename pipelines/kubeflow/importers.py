"""Importer nodes, which let Kubeflow's launcher download data that a task cannot read itself."""

from __future__ import annotations

from typing import Any

from pipelines.kubeflow.parameters import add_binding
from pipelines.kubeflow.spec import Spec

_INPUT = "data"
_OUTPUT = "artifact"
_TYPE: dict[str, Any] = {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}


def add_importer(spec: Spec, component: str, importer: str, parameter: str) -> None:
    """Adds an importer that lets the launcher download what a component's parameter names."""
    tasks = spec["root"]["dag"]["tasks"]
    inputs = tasks[component]["inputs"]
    uri = inputs["parameters"][parameter]
    label = f"{importer}_executor"
    spec["components"][importer] = {
        "executorLabel": label,
        "inputDefinitions": {"parameters": {"uri": {"parameterType": "STRING"}}},
        "outputDefinitions": {"artifacts": {_OUTPUT: {"artifactType": _TYPE}}},
    }
    spec["deploymentSpec"]["executors"][label] = {
        "importer": {"artifactUri": _uri_source(uri), "typeSchema": _TYPE}
    }
    tasks[importer] = {
        "taskInfo": {"name": importer},
        "componentRef": {"name": importer},
        "cachingOptions": {"enableCache": True},
        "inputs": {"parameters": {"uri": uri}},
    }
    definitions = spec["components"][component]["inputDefinitions"]
    definitions.setdefault("artifacts", {})[_INPUT] = {"artifactType": _TYPE}
    producer = {"producerTask": importer, "outputArtifactKey": _OUTPUT}
    inputs.setdefault("artifacts", {})[_INPUT] = {"taskOutputArtifact": producer}
    tasks[component].setdefault("dependentTasks", []).append(importer)
    add_binding(spec, component, _INPUT, {"type": "artifact", "paths": [[parameter]]})


def _uri_source(uri: Spec) -> Spec:
    """Returns where an importer takes its URI from.

    Kubeflow's importer finds a parameter only if it is one of the run's, so a constant has to be in
    the importer itself, as kfp writes it (backend/src/v2/component/importer_launcher.go).
    """
    if "runtimeValue" in uri:
        return {"constant": uri["runtimeValue"]["constant"]}
    return {"runtimeParameter": "uri"}
