"""One task as Kubeflow hands it over: translates its input for TFX and its output for Kubeflow."""

from __future__ import annotations

import copy
import logging
import os
from pathlib import Path
from typing import Any

from components.container_entrypoint.parameters import Binding, apply_bindings
from components.container_entrypoint.resumption import ResumableOutput, is_resumable
from components.container_entrypoint.staging import Staging, is_object_uri, needs_download
from modules.core.errors import WarmstartError

_logger = logging.getLogger(__name__)


class Task:
    """A task's ExecutorInput (kfp_pipeline_spec, as JSON) and the changes that TFX needs.

    Vertex AI stages nothing: tasks read and write artifacts, and the output file, under their gs://
    URIs. There only run parameters are applied, and types completed.

    Args:
        executor_input: The launcher's ExecutorInput.
        inputs_spec: The component's declared inputs.
        outputs_spec: The component's declared outputs. By default all outputs are kept.
        bindings: Where run parameters belong.
        staging: Where the launcher puts artifacts.
        volume: Keeps the state of interrupted trainings. By default they start from the beginning.
    """

    def __init__(
        self,
        executor_input: dict[str, Any],
        inputs_spec: dict[str, Any],
        outputs_spec: dict[str, Any] | None = None,
        bindings: dict[str, Binding] | None = None,
        staging: Staging | None = None,
        volume: Path | None = None,
    ) -> None:
        self._input = executor_input
        self._inputs_spec = inputs_spec
        self._outputs_spec = outputs_spec
        self._bindings = bindings or {}
        self._staging = staging or Staging()
        self._volume = volume
        self._resumable: list[ResumableOutput] = []

    @property
    def output_file(self) -> str:
        """Where Kubeflow looks for the ExecutorOutput."""
        return str(self._input["outputs"]["outputFile"])

    @property
    def is_staged(self) -> bool:
        """Whether a launcher copies artifacts to and from local folders, as in open-source KFP."""
        return not is_object_uri(self.output_file)

    def prepare(self, output_file: str) -> dict[str, Any]:
        """Makes the output folders and returns the ExecutorInput for TFX.

        Args:
            output_file: Where TFX writes its ExecutorOutput.

        Raises:
            WarmstartError: An input artifact is missing, or a run parameter has a wrong type.
        """
        result = copy.deepcopy(self._input)
        inputs = result.setdefault("inputs", {})
        inputs["parameterValues"] = apply_bindings(
            {**inputs.get("parameterValues", {}), **self._imported_folders(inputs)}, self._bindings
        )
        _check_paths(inputs["parameterValues"])
        result["outputs"]["outputFile"] = output_file
        self._complete_types(inputs.get("artifacts", {}), self._inputs_spec)
        outputs = self._declared_outputs(result["outputs"].get("artifacts", {}))
        result["outputs"]["artifacts"] = outputs
        if self.is_staged:
            for name, artifact in _artifacts(inputs.get("artifacts", {})):
                artifact["uri"] = self._staging.open_input(name, artifact["uri"])
            for name, artifact in _artifacts(outputs):
                artifact["uri"] = self._open_output(name, artifact)
        return result

    def finish(self, executor_output: dict[str, Any]) -> dict[str, Any]:
        """Completes the outputs of a successful executor and returns Kubeflow's ExecutorOutput."""
        result = copy.deepcopy(executor_output)
        for output in self._resumable:
            output.close()
        for _, artifact in _artifacts(result.get("artifacts", {})):
            artifact["uri"] = self._staging.restore(artifact["uri"])
            artifact["metadata"] = {
                # The launcher cannot store null.
                key: self._staging.restore(value) if isinstance(value, str) else value
                for key, value in artifact.get("metadata", {}).items()
                if value is not None
            }
        return result

    def _imported_folders(self, inputs: dict[str, Any]) -> dict[str, str]:
        """Removes artifacts that stand for a parameter, such as imported data, from the inputs."""
        folders = {}
        for name, binding in self._bindings.items():
            if binding["type"] == "artifact":
                (artifact,) = inputs["artifacts"].pop(name)["artifacts"]
                uri = artifact["uri"]
                folders[name] = self._staging.open_input(name, uri) if self.is_staged else uri
        return folders

    def _declared_outputs(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Drops outputs that only the launcher knows, such as `executor-logs`; completes types."""
        if self._outputs_spec is None:
            return outputs
        declared = self._outputs_spec.get("artifacts", {})
        kept = {name: outputs[name] for name in outputs if name in declared}
        self._complete_types(kept, self._outputs_spec)
        return kept

    def _complete_types(self, artifacts: dict[str, Any], spec: dict[str, Any]) -> None:
        """Sets the declared types: the launcher gives inputs no type, or its own (system.*)."""
        for name, artifact in _artifacts(artifacts):
            if name in spec.get("artifacts", {}):
                artifact["type"] = spec["artifacts"][name]["artifactType"]

    def _open_output(self, name: str, artifact: dict[str, Any]) -> str:
        path = self._staging.path(artifact["uri"])
        if self._volume and is_resumable(artifact.get("type", {})):
            output = ResumableOutput(self._volume, artifact["uri"], Path(path))
            if output.open():
                _logger.info("Resuming from '%s', which an earlier attempt left behind.", name)
            self._resumable.append(output)
        else:
            os.makedirs(path, exist_ok=True)
        return path


def _artifacts(lists: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, artifact) for name, value in lists.items() for artifact in value.get("artifacts", [])
    ]


def _check_paths(parameters: dict[str, Any]) -> None:
    path = parameters.get("input_base")
    if isinstance(path, str) and needs_download(path):
        raise WarmstartError(
            f"{path}: a task cannot read this URI itself, and the pipeline was compiled for data "
            "on a mounted volume. Compile it with this URI as the data path, so that Kubeflow's "
            "launcher downloads the data, or pass a path on a mounted volume."
        )
