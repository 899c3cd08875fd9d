"""Kubeflow's cache: what a task has made from equal inputs is not made again.

The key follows kubeflow/pipelines, backend/src/v2/cacheutils/cache.go: it has parameters, ids of
input artifacts, and how the container is run, but no content of a file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.kubeflow.backend.driver import Driver


@dataclass
class Cache:
    """The outputs of finished tasks, over the runs of a cluster."""

    _outputs: dict[str, dict[str, int]] = field(default_factory=dict)

    def find(self, driver: Driver, task: str, executor_input: dict[str, Any]) -> bool:
        """Takes a task's outputs from an earlier run. Returns whether there are any."""
        outputs = self._outputs.get(_key(driver, task, executor_input))
        if not _is_cached(driver, task) or outputs is None:
            return False
        driver.artifacts.update({(task, output): id_ for output, id_ in outputs.items()})
        return True

    def add(self, driver: Driver, task: str, executor_input: dict[str, Any]) -> None:
        """Keeps the outputs of a task that has succeeded, unless it must run each time."""
        if _is_cached(driver, task):
            self._outputs[_key(driver, task, executor_input)] = {
                output: driver.artifacts[task, output]
                for output in executor_input["outputs"]["artifacts"]
            }


def _is_cached(driver: Driver, task: str) -> bool:
    return bool(driver.tasks[task].get("cachingOptions", {}).get("enableCache"))


def _key(driver: Driver, task: str, executor_input: dict[str, Any]) -> str:
    inputs, outputs = executor_input["inputs"], executor_input["outputs"]
    parts = {
        "pipeline": driver.spec["pipelineInfo"]["name"],
        "inputParameterValues": inputs.get("parameterValues"),
        "inputArtifactNames": {
            name: [artifact["name"] for artifact in value["artifacts"]]
            for name, value in inputs.get("artifacts", {}).items()
        },
        "outputArtifactsSpec": {
            name: [artifact["type"] for artifact in value["artifacts"]]
            for name, value in outputs["artifacts"].items()
        },
        "containerSpec": driver.executor(task)["container"],
        "pvcNames": sorted(driver.mounts(task).values()),
    }
    return json.dumps(parts, sort_keys=True)
