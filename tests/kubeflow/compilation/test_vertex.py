"""`warmstart compile --platform vertex`: google-cloud-aiplatform takes it. Not run on Vertex AI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.protobuf import json_format

from modules.core.errors import ConfigError
from pipelines.config import load_config
from pipelines.kubeflow.compiler import compile_pipeline
from tests.kubeflow.compilation.documents import documents, spec_of
from tests.kubeflow.conftest import CONFIG, IMAGE, Compile

ROOT = "gs://bucket/root"


@pytest.fixture(scope="module")
def compiled_for_vertex(compile_to: Compile) -> Path:
    return compile_to(pipeline_root=ROOT, platform="vertex")


def pipeline_job(path: Path, **parameters: Any) -> Any:
    """The request that the client would send, built without any connection."""
    from google.cloud import aiplatform

    job = aiplatform.PipelineJob(
        display_name="digits",
        template_path=str(path),
        parameter_values=parameters,
        project="project",
        location="us-central1",
        credentials=AnonymousCredentials(),
    )
    return json_format.MessageToDict(job._gca_resource._pb)


def test_vertexs_own_client_loads_it(compiled_for_vertex: Path) -> None:
    job = pipeline_job(compiled_for_vertex, shots="1", learning_rate=1e-4)
    assert job["pipelineSpec"] == spec_of(compiled_for_vertex)
    assert job["runtimeConfig"]["gcsOutputDirectory"] == ROOT
    parameters = job["runtimeConfig"]["parameterValues"]
    assert (parameters["shots"], parameters["learning_rate"]) == ("1", 1e-4)


def test_vertexs_own_client_refuses_a_parameter_that_the_pipeline_does_not_have(
    compiled_for_vertex: Path,
) -> None:
    with pytest.raises(ValueError, match="shotz"):
        pipeline_job(compiled_for_vertex, shotz="1")


def test_it_is_kubeflows_specification_without_a_window_for_retries(
    compiled_for_vertex: Path, compile_to: Compile
) -> None:
    expected = spec_of(compile_to(pipeline_root=ROOT))
    for task in expected["root"]["dag"]["tasks"].values():
        del task["retryPolicy"]["backoffMaxDuration"]
    assert documents(compiled_for_vertex) == [expected]


@pytest.mark.parametrize(
    ("overrides", "root", "expected"),
    [
        ([], "s3://bucket/root", "--pipeline-root s3://bucket/root: expected gs://"),
        (["kubeflow.state_claim=state"], ROOT, "kubeflow.state_claim: Vertex AI has none"),
        (
            ["kubeflow.volumes=[{claim: data, mount_path: /data}]"],
            ROOT,
            "kubeflow.volumes: Vertex AI has none",
        ),
        (["kubeflow.image_pull_secret=s"], ROOT, "kubeflow.image_pull_secret: Vertex AI has none"),
        (["target.path=s3://bucket/digits"], ROOT, "target.path: found s3://bucket/digits"),
        (["kubeflow.serving_directory=/serving"], ROOT, "serving_directory: found /serving"),
    ],
)
def test_what_only_a_cluster_can_do_is_refused(
    tmp_path: Path, overrides: list[str], root: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        compile_pipeline(
            load_config(CONFIG, overrides),
            image=IMAGE,
            pipeline_root=root,
            output=tmp_path / "p.yaml",
            platform="vertex",
        )
    assert not list(tmp_path.iterdir())
