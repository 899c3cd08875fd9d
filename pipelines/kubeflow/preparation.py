"""Brings a compiled pipeline to a server, where it can then be run or scheduled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.kubeflow.server import Server
from pipelines.kubeflow.spec import parse_parameters, read_pipeline_spec
from pipelines.kubeflow.versions import Version, find_or_upload

if TYPE_CHECKING:
    import kfp
    from kfp.pipeline_spec import pipeline_spec_pb2


@dataclass(frozen=True)
class PreparedPipeline:
    """A version on the server, with what a run of it is started with.

    Attributes:
        client: Connected to the server.
        spec: The pipeline.
        version: Its version on the server.
        parameters: Typed values of the run's parameters, by name.
        experiment_id: The server's id of the experiment.
    """

    client: kfp.Client
    spec: pipeline_spec_pb2.PipelineSpec
    version: Version
    parameters: dict[str, Any]
    experiment_id: str

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return str(self.spec.pipeline_info.name)

    @property
    def run_arguments(self) -> dict[str, Any]:
        """What kfp's client takes for a run and for a recurring one alike."""
        return {
            "experiment_id": self.experiment_id,
            "pipeline_id": self.version.pipeline_id,
            "version_id": self.version.version_id,
            "params": self.parameters,
            # The server does not take it from the specification.
            "pipeline_root": self.spec.default_pipeline_root or None,
        }


def prepare(
    spec_file: Path,
    server: Server,
    *,
    parameters: Mapping[str, str] | None,
    experiment: str,
    report: Callable[[str], None],
) -> PreparedPipeline:
    """Uploads a compiled pipeline unless it is there, and creates the experiment likewise.

    Args:
        spec_file: A file written by `warmstart compile`.
        server: The server to upload it to.
        parameters: Run parameters as texts, such as `{"shots": "1"}`.
        experiment: The experiment's name.
        report: Called with a line that says what was uploaded.

    Raises:
        ConfigError: The file or a parameter is invalid. Nothing has been sent.
        WarmstartError: kfp is not installed, or the server cannot be reached or refuses.
    """
    spec = read_pipeline_spec(spec_file)
    typed = parse_parameters(spec, parameters or {})
    client = server.connect()
    with server.calls(f"uploading {spec_file}"):
        version = find_or_upload(client, spec_file, spec.pipeline_info.name, server.namespace)
    report(f"pipeline {spec.pipeline_info.name}: {version.origin}")
    with server.calls(f"finding the experiment {experiment}"):
        found = client.create_experiment(experiment, namespace=server.namespace)
    return PreparedPipeline(client, spec, version, typed, found.experiment_id)
