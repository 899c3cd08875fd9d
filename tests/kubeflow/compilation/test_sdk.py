"""kfp and kfp-kubernetes, which write what the backend is made for, read what is compiled here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kfp
import pytest
import yaml
from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

from tests.kubeflow.compilation.documents import documents
from tests.kubeflow.conftest import Compile

# kfp-kubernetes 1.0, the newest for Python 3.10, does not know pull secrets.
KNOWS_PULL_SECRETS = (
    "image_pull_secret"
    in kubernetes_executor_config_pb2.KubernetesExecutorConfig.DESCRIPTOR.fields_by_name
)


@pytest.fixture(scope="module")
def with_everything(compile_to: Compile) -> Path:
    """A pipeline that uses all that the `kubeflow` section offers, and imports data."""
    return compile_to(
        "source.path=s3://bucket/mnist",
        "target.path=s3://bucket/digits",
        "kubeflow.volumes=[{claim: serving, mount_path: /serving, components: [Pusher]}]",
        "kubeflow.serving_directory=/serving/digits",
        "kubeflow.state_claim=state",
        "kubeflow.component_resources={PretrainTrainer: {cpu_request: 4}}",
        *(["kubeflow.image_pull_secret=registry"] if KNOWS_PULL_SECRETS else []),
    )


def parsed(path: Path) -> tuple[Any, Any]:
    spec, platform = documents(path)
    return (
        json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec()),
        json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec()),
    )


def test_kfp_loads_it_and_compiles_it_again_to_the_same(
    with_everything: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.yaml"
    component = kfp.components.load_component_from_file(str(with_everything))
    kfp.compiler.Compiler().compile(component, str(again))
    ours, theirs = parsed(with_everything), parsed(again)
    # kfp signs with its own name.
    theirs[0].sdk_version = ours[0].sdk_version
    assert theirs == ours


def test_kfp_kubernetes_knows_every_field_of_the_platform(with_everything: Path) -> None:
    platform = documents(with_everything)[1]["platforms"]["kubernetes"]
    executors = platform["deploymentSpec"]["executors"]
    assert executors
    for executor in executors.values():
        config = kubernetes_executor_config_pb2.KubernetesExecutorConfig()
        message = json_format.ParseDict(executor, config)
        assert [mount.mount_path for mount in message.pvc_mount] == [
            mount["mountPath"] for mount in executor.get("pvcMount", [])
        ]


def test_kfp_kubernetes_would_refuse_a_field_that_it_does_not_know() -> None:
    executor = yaml.safe_load("pvcMount: [{constant: data, mountPaths: /data}]")
    config = kubernetes_executor_config_pb2.KubernetesExecutorConfig()
    with pytest.raises(json_format.ParseError, match="mountPaths"):
        json_format.ParseDict(executor, config)
