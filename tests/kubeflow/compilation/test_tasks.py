"""What compiled tasks ask of the cluster: resources, retries, volumes, data, a serving folder."""

from __future__ import annotations

import json
from pathlib import Path

import kfp
import pytest
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from modules.core.errors import ConfigError
from pipelines.config import load_config
from tests.kubeflow.compilation.documents import container, documents, option, spec_of
from tests.kubeflow.conftest import CONFIG, Compile


def test_each_task_is_cached_and_retried_but_what_is_served_is_looked_up_each_time(
    compiled: Path,
) -> None:
    for name, task in spec_of(compiled)["root"]["dag"]["tasks"].items():
        cached = None if name == "served-model-finder" else {"enableCache": True}
        assert task.get("cachingOptions") == cached
        assert task["retryPolicy"] == {
            "maxRetryCount": 2,
            "backoffDuration": "30s",
            "backoffFactor": 2,
            "backoffMaxDuration": "604800s",
        }


def test_a_training_is_retried_for_as_long_as_configured(compile_to: Compile) -> None:
    """Kubeflow retries no task that began longer ago than `backoffMaxDuration`."""
    tasks = spec_of(compile_to("kubeflow.retries.window_hours=48"))["root"]["dag"]["tasks"]
    assert {task["retryPolicy"]["backoffMaxDuration"] for task in tasks.values()} == {"172800s"}


@pytest.mark.parametrize(
    "setting",
    [
        "kubeflow.retries.pause_factor=1.5",
        "kubeflow.state_claim=state.v1",
        "kubeflow.volumes=[{claim: data.v1, mount_path: /data}]",
    ],
    ids=["Argo reads the factor as an integer", "a volume's name", "a volume's name too"],
)
def test_what_kubeflow_could_not_use_is_refused(setting: str) -> None:
    key = setting.partition("=")[0].rpartition(".")[2]
    with pytest.raises(ConfigError, match=key):
        load_config(CONFIG, [setting])


def test_resources_come_from_the_configuration(compile_to: Compile) -> None:
    path = compile_to(
        "kubeflow.resources.cpu_request=0.5",
        "kubeflow.component_resources={PretrainTrainer: {cpu_request: 4, memory_limit_gb: 16, "
        "accelerator: nvidia.com/gpu, accelerator_count: 2}}",
        "kubeflow.retries.max_retries=0",
    )
    assert container(path, "transform")["resources"]["cpuRequest"] == 0.5
    trainer = container(path, "pretrain-trainer")["resources"]
    assert (trainer["cpuRequest"], trainer["memoryLimit"]) == (4.0, 16.0)
    assert trainer["accelerator"] == {"type": "nvidia.com/gpu", "count": "2"}
    assert all("retryPolicy" not in task for task in spec_of(path)["root"]["dag"]["tasks"].values())
    json_format.ParseDict(spec_of(path), pipeline_spec_pb2.PipelineSpec())


def test_volumes_are_a_second_document_that_the_sdk_loads(compile_to: Compile) -> None:
    path = compile_to(
        "target.path=/data/target",
        "kubeflow.volumes=[{claim: data, mount_path: /data, components: [TargetExampleGen]}]",
        "kubeflow.state_claim=state",
        "kubeflow.image_pull_secret=registry",
    )
    platform = documents(path)[1]
    json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    labels = set(spec_of(path)["deploymentSpec"]["executors"])
    assert set(executors) == labels
    assert executors["exec-target-example-gen"]["pvcMount"] == [
        {"constant": "data", "mountPath": "/data"}
    ]
    trainers = {"exec-pretrain-trainer", "exec-scratch-trainer", "exec-warm-start-trainer"}
    mounting = {label for label in labels if "pvcMount" in executors[label]}
    assert mounting == {*trainers, "exec-target-example-gen"}
    assert container(path, "pretrain-trainer")["env"] == [
        {"name": "WARMSTART_STATE_DIRECTORY", "value": "/warmstart-state"}
    ]
    assert executors["exec-pusher"] == {"imagePullSecret": [{"secretName": "registry"}]}
    kfp.components.load_component_from_file(str(path))


def test_finder_and_evaluator_see_the_folder_that_the_pusher_writes_to(
    compile_to: Compile,
) -> None:
    volume = "{claim: serving, mount_path: /serving, components: [Pusher]}"
    path = compile_to(f"kubeflow.volumes=[{volume}]", "kubeflow.serving_directory=/serving/digits")
    tasks = spec_of(path)["root"]["dag"]["tasks"]
    directory = tasks["served-model-finder"]["inputs"]["parameters"]["serving_directory"]
    assert directory == {"runtimeValue": {"constant": "/serving/digits"}}
    executors = documents(path)[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors == {
        label: {"pvcMount": [{"constant": "serving", "mountPath": "/serving"}]}
        for label in ("exec-pusher", "exec-served-model-finder", "exec-transfer-evaluator")
    }
    counted = tasks["transfer-evaluator"]["inputs"]["parameters"]["attempts_directory"]
    assert counted == {"runtimeValue": {"constant": "/serving/digits/attempts"}}


def test_attempts_are_not_counted_where_nothing_lasts(compile_to: Compile) -> None:
    for override in ("seed=0", "kubeflow.serving_directory=/nowhere"):
        tasks = spec_of(compile_to(override))["root"]["dag"]["tasks"]
        assert "attempts_directory" not in tasks["transfer-evaluator"]["inputs"]["parameters"]


def test_the_best_arm_reaches_the_pusher_only_where_it_may_be_pushed(compile_to: Compile) -> None:
    def pushers_inputs(*overrides: str) -> set[str]:
        tasks = spec_of(compile_to(*overrides))["root"]["dag"]["tasks"]
        return set(tasks["pusher"]["inputs"]["artifacts"])

    usual = {"model", "model_blessing"}
    assert pushers_inputs() == usual
    best = pushers_inputs("gate.push=best", "gate.min_accuracy=0.9")
    assert best == usual | {"pretrained_model", "scratch_model"}


def test_data_in_an_object_store_are_imported(compile_to: Compile) -> None:
    path = compile_to("target.path=s3://data/digits")
    spec = spec_of(path)
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    tasks = spec["root"]["dag"]["tasks"]
    assert tasks["target-data-importer"]["inputs"]["parameters"]["uri"] == {
        "componentInputParameter": "target_path"
    }
    executors = spec["deploymentSpec"]["executors"]
    assert executors["exec-target-data-importer"]["importer"]["artifactUri"] == {
        "runtimeParameter": "uri"
    }
    assert tasks["target-example-gen"]["dependentTasks"] == ["target-data-importer"]
    assert option(path, "target-example-gen", "--parameter_bindings")["data"] == {
        "type": "artifact",
        "paths": [["input_base"]],
    }


def test_data_that_no_run_can_change_are_a_constant_of_the_importer(compile_to: Compile) -> None:
    """Kubeflow's importer does not find the value of a parameter that no run sets."""
    spec = spec_of(compile_to("source.path=minio://data/mnist"))
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    executors = spec["deploymentSpec"]["executors"]
    assert executors["exec-source-data-importer"]["importer"]["artifactUri"] == {
        "constant": "minio://data/mnist"
    }


@pytest.mark.parametrize(
    ("root", "override", "pushed_to"),
    [
        ("s3://b/pipelines", "seed=0", "/tmp/warmstart-serving"),
        ("gs://b/pipelines/", "seed=0", "gs://b/pipelines/serving/mnist-to-optdigits"),
        ("s3://b/pipelines", "kubeflow.serving_directory=/serving", "/serving"),
    ],
)
def test_blessed_models_are_pushed_where_something_can_be_kept(
    compile_to: Compile, root: str, override: str, pushed_to: str
) -> None:
    task = spec_of(compile_to(override, pipeline_root=root))["root"]["dag"]["tasks"]["pusher"]
    destination = task["inputs"]["parameters"]["push_destination"]["runtimeValue"]["constant"]
    assert json.loads(destination)["filesystem"]["base_directory"] == pushed_to
