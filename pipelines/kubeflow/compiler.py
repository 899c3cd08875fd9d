"""Compiles the transfer pipeline for Kubeflow Pipelines: specification 2.1, as YAML."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml

from components.container_entrypoint.staging import is_object_uri, needs_download
from modules.core.atomic_files import write_atomically
from modules.core.errors import ConfigError
from pipelines.beam.options import check_storage
from pipelines.config import Config
from pipelines.domain_config import DomainConfig
from pipelines.kubeflow.importers import add_importer
from pipelines.kubeflow.parameters import add_run_parameters
from pipelines.kubeflow.spec import Spec, require_kfp
from pipelines.kubeflow.tasks import (
    STATE_DIRECTORY,
    configure_containers,
    kubernetes_name,
    platform_spec,
    rename_nodes,
)
from pipelines.kubeflow.vertex import adapt_to_vertex, check_vertex
from pipelines.node_ids import node_id
from pipelines.registered_names import refuse_unknown_names
from pipelines.targets.scenario import SeveralTargets

Platform = Literal["kubeflow", "vertex"]
# The project's folder in the image, and the tasks' working directory; see kubeflow/Dockerfile.
IMAGE_HOME = "/opt/warmstart"
_COMMAND = ["python", "-m", "components.container_entrypoint"]
# Lost with the container: the pushed model is kept only as an artifact.
_EPHEMERAL_SERVING = "/tmp/warmstart-serving"


def compile_pipeline(
    config: Config | SeveralTargets,
    *,
    image: str,
    pipeline_root: str,
    output: Path,
    platform: Platform = "kubeflow",
) -> None:
    """Writes the pipeline for Kubeflow Pipelines, or for Vertex AI Pipelines.

    Equal arguments give equal bytes. Relative paths in the configuration refer to the image, which
    holds the embedded domains.

    Args:
        config: The scenario, or that of several targets, with its `kubeflow` section.
        image: Container image that all tasks run in, such as registry.example/warmstart:1.
        pipeline_root: A gs://, s3:// or minio:// URI, below which artifacts are kept.
        output: The YAML file to write.
        platform: Where the pipeline will run: `kubeflow` is the open-source backend.

    Raises:
        ConfigError: An argument, or a path in the configuration, makes no sense on a cluster.
        WarmstartError: kfp is not installed.
    """
    require_kfp()
    _check_arguments(image, pipeline_root, output)
    # Remote Beam workers cannot reach folders that the launcher fills for a single task.
    for each in _by_target(config).values():
        check_storage(each.beam, pipeline_root)
        refuse_unknown_names(each)
        if platform == "vertex":
            check_vertex(each, pipeline_root)
    documents = compile_documents(config, image=image, pipeline_root=pipeline_root)
    if platform == "vertex":
        adapt_to_vertex(documents[0])
    body = yaml.safe_dump_all(documents, sort_keys=True, allow_unicode=True, width=100)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, _header(documents[0]) + body)
    except OSError as error:
        raise ConfigError(f"{output}: cannot be written: {error.strerror}.") from None


def compile_documents(
    config: Config | SeveralTargets, *, image: str, pipeline_root: str
) -> list[Spec]:
    """Returns the pipeline specification and, if one is needed, the platform specification."""
    by_target = {name: _inside_container(each) for name, each in _by_target(config).items()}
    shared = next(iter(by_target.values()))
    pipeline_root = pipeline_root.rstrip("/")
    spec = tfx_specification(by_target, image=image, pipeline_root=pipeline_root)
    add_run_parameters(spec, by_target)
    settings = shared.kubeflow.for_nodes(list(spec["root"]["dag"]["tasks"]))
    span_nodes = {
        node_id("TargetExampleGen", target)
        for target, each in by_target.items()
        if each.target.span_pattern
    }
    configure_containers(spec, settings, uncached=span_nodes)
    for target, each in by_target.items():
        _add_data_importer(spec, "TargetExampleGen", "TargetDataImporter", each.target, target)
        _move_model(spec, each, target)
    if shared.source is not None:
        _add_data_importer(spec, "SourceExampleGen", "SourceDataImporter", shared.source)
    _move_schema_file(spec, shared)
    rename_nodes(spec)
    spec["defaultPipelineRoot"] = pipeline_root
    platform = platform_spec(spec, settings, stateful=set(map(kubernetes_name, span_nodes)))
    return [spec, platform] if platform else [spec]


def tfx_specification(
    by_target: Mapping[str | None, Config], *, image: str, pipeline_root: str
) -> Spec:
    """Returns the pipeline specification as TFX compiles it, which open-source Kubeflow refuses."""
    # Imported late: only compiling needs TFX, which is slow to import.
    from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
        KubeflowV2DagRunner,
        KubeflowV2DagRunnerConfig,
    )

    from pipelines.transfer_pipeline import create_pipeline, create_targets_pipeline

    shared = next(iter(by_target.values()))
    serving = _serving_directory(shared, pipeline_root)
    attempts = _attempts_directory(shared, serving)
    spans = _spans_directory(shared, pipeline_root)
    if None in by_target:
        pipeline = create_pipeline(
            by_target[None],
            pipeline_root=pipeline_root,
            serving_directory=serving,
            attempts_directory=attempts,
            spans_directory=spans,
        )
    else:
        branches = {str(name): each for name, each in by_target.items()}
        pipeline = create_targets_pipeline(
            branches,
            pipeline_root=pipeline_root,
            serving_directories={name: f"{serving}/{name}" for name in branches},
            attempts_directory=attempts,
            spans_directory=spans,
        )
    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(
            default_image=image, default_commands=_COMMAND, use_pipeline_spec_2_1=True
        )
    )
    job: dict[str, Any] = runner.run(pipeline, write_out=False)
    return job["pipelineSpec"]


def _by_target(config: Config | SeveralTargets) -> dict[str | None, Config]:
    """Returns the scenarios by target; None is the only one."""
    if isinstance(config, Config):
        return {None: config}
    return dict(config.branches.items())


def _serving_directory(config: Config, pipeline_root: str) -> str:
    if config.kubeflow.serving_directory:
        return config.kubeflow.serving_directory
    if pipeline_root.startswith("gs://"):
        return f"{pipeline_root}/serving/{config.name}"
    return _EPHEMERAL_SERVING


def _add_data_importer(
    spec: Spec, component: str, importer: str, domain: DomainConfig, target: str | None = None
) -> None:
    if needs_download(domain.folder):
        add_importer(spec, node_id(component, target), node_id(importer, target), "input_base")


def _attempts_directory(config: Config, serving: str) -> str | None:
    """The folder `attempts` beside the versions, if it lasts: in a bucket or on a volume."""
    lasts = serving.startswith("gs://") or any(
        f"{serving}/".startswith(f"{volume.mount_path.rstrip('/')}/")
        for volume in config.kubeflow.volumes
    )
    return f"{serving}/attempts" if lasts else None


def _spans_directory(config: Config, pipeline_root: str) -> str | None:
    """Where what was read of spans lasts; None where each run reads all of them again."""
    if pipeline_root.startswith("gs://"):
        return f"{pipeline_root}/spans/{config.name}"
    if config.kubeflow.state_claim:
        return f"{STATE_DIRECTORY}/spans/{config.name}"
    return None


def _inside_container(config: Config) -> Config:
    """Replaces the pipeline's name and the data paths with those that the cluster uses."""
    paths = {
        role: {"path": _container_path(config, f"{role}.path", domain.path)}
        for role, domain in config.domains.items()
    }
    return config.with_paths(paths).model_copy(update={"name": kubernetes_name(config.name)})


def _move_schema_file(spec: Spec, config: Config) -> None:
    """Points to the image's copy of the pinned schema: building the DAG reads the local copy."""
    if config.source is None or config.source.schema_file is None:
        return
    path = _container_path(config, "source.schema_file", config.source.schema_file)
    parameters = spec["root"]["dag"]["tasks"]["ImageSchemaGen"]["inputs"]["parameters"]
    parameters["schema_file"] = {"runtimeValue": {"constant": path}}


def _move_model(spec: Spec, config: Config, target: str | None) -> None:
    """Points to the model where a container has it: building the DAG hashes the local copy."""
    path = config.pretraining.from_
    if path is None:
        return
    node = node_id("ModelImporter", target)
    parameters = spec["root"]["dag"]["tasks"][node]["inputs"]["parameters"]
    path = _container_path(config, "pretraining.from", path)
    parameters["path"] = {"runtimeValue": {"constant": path}}
    # Not even gs://: what lies there is found out by looking at folders.
    if is_object_uri(path):
        add_importer(spec, node, node_id("PretrainedModelImporter", target), "path")


def _container_path(config: Config, key: str, path: str) -> str:
    if "://" in path:
        return path
    absolute = posixpath.normpath(posixpath.join(IMAGE_HOME, path))
    mounted = [IMAGE_HOME, *(volume.mount_path for volume in config.kubeflow.volumes)]
    if not any(absolute == root or absolute.startswith(f"{root}/") for root in mounted):
        raise ConfigError(
            f"{key}: no container has {path}. Pass a path relative to the project that the image "
            "holds, such as data/mnist; a path on a volume named in kubeflow.volumes; or a gs://, "
            "s3:// or minio:// URI."
        )
    return absolute


def _check_arguments(image: str, pipeline_root: str, output: Path) -> None:
    if not re.fullmatch(r"\S+", image):
        raise ConfigError(f"--image '{image}': expected an image such as registry/warmstart:1.0.")
    if not re.fullmatch(r"(gs|s3|minio)://[^/\s]+(/\S*)?", pipeline_root):
        raise ConfigError(
            f"--pipeline-root {pipeline_root}: expected gs://BUCKET/PATH, s3://BUCKET/PATH or "
            "minio://BUCKET/PATH: Kubeflow's launcher moves artifacts through an object store."
        )
    if output.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"--output {output}: expected a file name that ends in .yaml.")


def _header(spec: Spec) -> str:
    lines = [
        f"# {spec['pipelineInfo']['name']}: compiled by warmstart; do not edit.",
        "# Parameters of a run:",
    ]
    for name, parameter in sorted(spec["root"]["inputDefinitions"]["parameters"].items()):
        lines.append(f"#   {name}: {parameter['parameterType']}, {parameter['defaultValue']!r}")
    return "\n".join(lines) + "\n"
