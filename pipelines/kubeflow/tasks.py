"""What a compiled task needs on Kubernetes: a valid name, resources, retries and volumes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from components.container_entrypoint.resumption import STATE_VARIABLE, is_resumable
from modules.core.errors import ConfigError
from pipelines.kubeflow.settings import KubeflowSettings, ResourceSettings
from pipelines.kubeflow.spec import Spec, container_of
from pipelines.node_ids import component_of, node_id, target_of

STATE_DIRECTORY = "/warmstart-state"
# It looks at what no cache key on Kubeflow has: the folder that the Pusher writes to.
_FINDER, _PUSHER = "ServedModelFinder", "Pusher"
# There the evaluator counts the attempts on an eval split.
_EVALUATOR = "TransferEvaluator"
# Of a DNS label. Longer names, of targets' nodes, are told apart by a digest.
_LONGEST_NAME, _DIGEST = 63, 6


def kubernetes_name(node_id: str) -> str:
    """Turns a component's id into a DNS label, which is a valid name for any Kubernetes object.

    Example:
        >>> kubernetes_name("SourceExampleGen")
        'source-example-gen'
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", node_id)
    name = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{name[: _LONGEST_NAME - _DIGEST - 1].rstrip('-')}-{digest}"


def configure_containers(
    spec: Spec, settings: KubeflowSettings, *, uncached: Collection[str] = ()
) -> None:
    """Sets every task's resources, retries and arguments of the entrypoint, in place.

    Args:
        spec: The specification, whose nodes have TFX's names.
        settings: What the cluster has.
        uncached: Nodes that find out by themselves what is new.

    Raises:
        ConfigError: The settings name a component that the pipeline does not have.
    """
    tasks = spec["root"]["dag"]["tasks"]
    named = set(settings.component_resources).union(
        *(volume.components or () for volume in settings.volumes)
    )
    if unknown := sorted(named - set(tasks)):
        raise ConfigError(
            f"kubeflow: the pipeline has no component {', '.join(unknown)}; "
            f"it has {', '.join(sorted(tasks))}."
        )
    for name, task in tasks.items():
        if component_of(name) == _FINDER or name in uncached:
            task.pop("cachingOptions", None)
        component = spec["components"][name]
        container = container_of(spec, name)
        # On Vertex AI this hook runs TFX's driver. Open-source Kubeflow does not know it.
        container.pop("lifecycle", None)
        container["resources"] = _resources(
            settings.component_resources.get(name, settings.resources)
        )
        outputs = component.get("outputDefinitions", {})
        container["args"] += [
            "--json_serialized_outputs_spec_args",
            json.dumps(outputs, sort_keys=True),
        ]
        if settings.state_claim and _has_resumable_output(component):
            container["env"] = [{"name": STATE_VARIABLE, "value": STATE_DIRECTORY}]
        retries = settings.retries
        if retries.max_retries:
            task["retryPolicy"] = {
                "maxRetryCount": retries.max_retries,
                "backoffDuration": f"{retries.pause_seconds}s",
                "backoffFactor": retries.pause_factor,
                # Not the longest pause, in spite of its name: the time in which a task is retried.
                "backoffMaxDuration": f"{retries.window_hours * 3600}s",
            }


def platform_spec(
    spec: Spec, settings: KubeflowSettings, *, stateful: Collection[str] = ()
) -> Spec:
    """Returns the Kubernetes-specific document of renamed nodes; empty if nothing needs it.

    Args:
        spec: The specification.
        settings: What the cluster has.
        stateful: Nodes that keep what later runs need, besides the trainings.
    """
    executors: dict[str, Any] = {}
    for name, component in spec["components"].items():
        if "container" not in spec["deploymentSpec"]["executors"][component["executorLabel"]]:
            continue
        mounts = [
            {"constant": volume.claim, "mountPath": volume.mount_path}
            for volume in settings.volumes
            if volume.components is None or name in _mounting(volume.components)
        ]
        if settings.state_claim and (name in stateful or _has_resumable_output(component)):
            mounts.append({"constant": settings.state_claim, "mountPath": STATE_DIRECTORY})
        executor: dict[str, Any] = {"pvcMount": mounts} if mounts else {}
        if settings.image_pull_secret:
            executor["imagePullSecret"] = [{"secretName": settings.image_pull_secret}]
        if executor:
            executors[component["executorLabel"]] = executor
    if not executors:
        return {}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def _mounting(components: Sequence[str]) -> set[str]:
    """Names the tasks that mount a volume. Finder and evaluator see what the Pusher does.

    Without the volume the finder would find nothing, and any model would replace the served one;
    and each attempt on an eval split would be the first.
    """
    others = {
        node_id(other, target_of(component))
        for component in components
        if component_of(component) == _PUSHER
        for other in (_FINDER, _EVALUATOR)
    }
    return set(map(kubernetes_name, {*components, *others}))


def rename_nodes(spec: Spec) -> None:
    """Gives tasks, components and executors names that Kubernetes accepts, in place."""
    names = {name: kubernetes_name(name) for name in spec["components"]}
    if len(set(names.values())) < len(names):
        raise ConfigError(f"two components have the same Kubernetes name: {sorted(names)}.")
    executors = spec["deploymentSpec"]["executors"]
    renamed = {}
    for name, component in spec["components"].items():
        label = f"exec-{names[name]}"
        renamed[label] = executors[component["executorLabel"]]
        component["executorLabel"] = label
    spec["deploymentSpec"]["executors"] = renamed
    spec["components"] = {names[name]: value for name, value in spec["components"].items()}
    dag = spec["root"]["dag"]
    for task in dag["tasks"].values():
        task["taskInfo"]["name"] = names[task["taskInfo"]["name"]]
        task["componentRef"]["name"] = names[task["componentRef"]["name"]]
        if "dependentTasks" in task:
            task["dependentTasks"] = sorted(names[name] for name in task["dependentTasks"])
        for value in task.get("inputs", {}).get("artifacts", {}).values():
            producer = value["taskOutputArtifact"]
            producer["producerTask"] = names[producer["producerTask"]]
    dag["tasks"] = {names[name]: task for name, task in dag["tasks"].items()}


def _has_resumable_output(component: Spec) -> bool:
    outputs = component.get("outputDefinitions", {}).get("artifacts", {})
    return any(is_resumable(output["artifactType"]) for output in outputs.values())


def _resources(settings: ResourceSettings) -> Spec:
    fields: dict[str, Any] = {
        "cpuRequest": settings.cpu_request,
        "cpuLimit": settings.cpu_limit,
        "memoryRequest": settings.memory_request_gb,
        "memoryLimit": settings.memory_limit_gb,
    }
    resources = {name: value for name, value in fields.items() if value is not None}
    if settings.accelerator:
        resources["accelerator"] = {
            "type": settings.accelerator,
            "count": str(settings.accelerator_count),
        }
    return resources
