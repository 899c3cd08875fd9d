"""One task as Kubeflow hands it over: its input made readable for TFX, its output for Kubeflow."""

from __future__ import annotations

import copy
import logging
import os
from pathlib import Path
from typing import Any

import yaml

from components.container_entrypoint.parameters import Binding, apply_bindings
from components.container_entrypoint.resumption import RESUMABLE_TYPE, ResumableOutput
from components.container_entrypoint.staging import Staging, is_object_uri
from modules.core.errors import WarmstartError

_logger = logging.getLogger(__name__)


class Task:
    """A task's ExecutorInput (kfp_pipeline_spec, as JSON) and what has to change in it.

    On Vertex AI nothing is staged: artifacts are read and written under their gs:// URIs, and the
    output file is one of them. There the input is passed on as it is but for run parameters.

    Args:
        executor_input: The launcher's ExecutorInput.
        inputs_spec: The component's declared inputs.
        outputs_spec: The component's declared outputs; without it all outputs are kept.
        bindings: Where run parameters belong.
        staging: Where the launcher puts artifacts.
        volume: Keeps the state of interrupted trainings; without it they start again.
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
        """Whether a launcher moves artifacts to and from local folders, as open-source KFP does."""
        return not is_object_uri(self.output_file)

    def prepare(self, output_file: str) -> dict[str, Any]:
        """Makes the folders of the outputs and returns the ExecutorInput for TFX.

        Args:
            output_file: Where TFX is to write its ExecutorOutput.

        Raises:
            WarmstartError: An input artifact is missing, or a run parameter is not of its type.
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
        """Returns TFX's ExecutorOutput as Kubeflow takes it, when the executor has succeeded."""
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
        """Takes artifacts that stand for a parameter, such as imported data, out of the inputs."""
        folders = {}
        for name, binding in self._bindings.items():
            if binding["type"] == "artifact":
                (artifact,) = inputs["artifacts"].pop(name)["artifacts"]
                uri = artifact["uri"]
                folders[name] = self._staging.open_input(name, uri) if self.is_staged else uri
        return folders

    def _declared_outputs(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Drops what the launcher adds for itself, such as `executor-logs`, and completes types."""
        if self._outputs_spec is None:
            return outputs
        declared = self._outputs_spec.get("artifacts", {})
        kept = {name: outputs[name] for name in outputs if name in declared}
        self._complete_types(kept, self._outputs_spec)
        return kept

    def _complete_types(self, artifacts: dict[str, Any], spec: dict[str, Any]) -> None:
        """Sets the declared types: the launcher gives inputs none, or one of its own (system.*)."""
        for name, artifact in _artifacts(artifacts):
            if name in spec.get("artifacts", {}):
                artifact["type"] = spec["artifacts"][name]["artifactType"]

    def _open_output(self, name: str, artifact: dict[str, Any]) -> str:
        path = self._staging.path(artifact["uri"])
        if self._volume and _type_title(artifact) == RESUMABLE_TYPE:
            output = ResumableOutput(self._volume, artifact["uri"], Path(path))
            if output.open():
                _logger.info("An earlier attempt left '%s' behind: going on from it.", name)
            self._resumable.append(output)
        else:
            os.makedirs(path, exist_ok=True)
        return path


def _artifacts(lists: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, artifact) for name, value in lists.items() for artifact in value.get("artifacts", [])
    ]


def _type_title(artifact: dict[str, Any]) -> str:
    schema = artifact.get("type", {})
    if "instanceSchema" in schema:
        return str(yaml.safe_load(schema["instanceSchema"]).get("title", ""))
    return str(schema.get("schemaTitle", ""))


def _check_paths(parameters: dict[str, Any]) -> None:
    path = parameters.get("input_base")
    if isinstance(path, str) and path.startswith(("s3://", "minio://")):
        raise WarmstartError(
            f"{path}: a task cannot read this by itself; the pipeline was compiled for data on a "
            "mounted volume. Compile it with this URI as the data's path, so that Kubeflow's "
            "launcher downloads it, or pass the path of a mounted volume."
        )
