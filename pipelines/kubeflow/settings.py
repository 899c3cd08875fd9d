"""The `kubeflow` section of a configuration: what the tasks ask of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from modules.settings.base import PositiveFloat, PositiveInt, Settings
from pipelines.node_ids import component_of

_KubernetesName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
# Kubeflow also names the pod's volume after its claim, and a volume's name is a DNS label: no dots.
_ClaimName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
_MountPath = Annotated[str, Field(pattern=r"^/.+")]


class ResourceSettings(Settings):
    """The resources that a task's container requests, and the most that it may use.

    Attributes:
        cpu_request: Requested cores.
        cpu_limit: Most cores. By default there is no limit, which avoids throttling.
        memory_request_gb: Requested memory in gigabytes.
        memory_limit_gb: Most memory in gigabytes. A container that exceeds it is killed.
        accelerator: Kubernetes' name of an accelerator, such as nvidia.com/gpu.
        accelerator_count: Number of accelerators. Ignored without `accelerator`.
    """

    cpu_request: PositiveFloat = 1.0
    cpu_limit: PositiveFloat | None = None
    memory_request_gb: PositiveFloat = 2.0
    memory_limit_gb: PositiveFloat | None = 6.0
    accelerator: str | None = None
    accelerator_count: PositiveInt = 1


class RetrySettings(Settings):
    """How often a failed task is retried, and after which pauses.

    Attributes:
        max_retries: Most retries after the first attempt. 0 turns retries off.
        pause_seconds: Pause before the first retry, in seconds.
        pause_factor: Factor by which the pause grows with each retry. Argo takes whole numbers.
        window_hours: Hours after the first attempt's start in which a task may be retried. A retry
            that is still running at the end is stopped, so this has to be longer than the longest
            training with all its attempts.
    """

    max_retries: Annotated[int, Field(ge=0)] = 2
    pause_seconds: PositiveInt = 30
    pause_factor: PositiveInt = 2
    window_hours: PositiveInt = 168


class VolumeSettings(Settings):
    """A persistent volume claim that tasks mount.

    Attributes:
        claim: Name of the PersistentVolumeClaim. It must exist in the run's namespace.
        mount_path: Path of the volume inside the containers.
        components: Ids of the components that mount it. Defaults to all.
    """

    claim: _ClaimName
    mount_path: _MountPath
    components: tuple[str, ...] | None = Field(default=None, strict=False)


class KubeflowSettings(Settings):
    """What `warmstart compile` adds to the DAG.

    Attributes:
        resources: Resources of every component that `component_resources` does not name.
        component_resources: Resources by component id, such as PretrainTrainer.
        retries: Retries of every component.
        volumes: Volumes with data, or with the folder that a model server watches.
        state_claim: Claim of a volume that keeps the checkpoints of interrupted trainings, and what
            was read of a target's spans. Without it a retried training starts from the beginning,
            and each run reads all spans.
        serving_directory: A mounted folder, or a gs:// URI, to which blessed models are pushed.
            Defaults to `serving/` below a gs:// pipeline root. With any other root the model is
            kept only as the `pushed_model` artifact.
        image_pull_secret: Name of the secret for a private registry.
    """

    resources: ResourceSettings = ResourceSettings()
    component_resources: dict[str, ResourceSettings] = Field(default={}, strict=False)
    retries: RetrySettings = RetrySettings()
    volumes: tuple[VolumeSettings, ...] = Field(default=(), strict=False)
    state_claim: _ClaimName | None = None
    serving_directory: Annotated[str, Field(pattern=r"^(/|gs://).+")] | None = None
    image_pull_secret: _KubernetesName | None = None

    def for_nodes(self, nodes: Sequence[str]) -> KubeflowSettings:
        """Names the pipeline's nodes, where a component has one for each of several targets.

        Settings that name a target's own node precede those that name the component.
        """

        def nodes_of(name: str) -> list[str]:
            own = [node for node in nodes if component_of(node) == name]
            return [name] if name in nodes or not own else own

        by_length = sorted(self.component_resources.items(), key=lambda item: len(item[0]))
        volumes = [
            volume
            if volume.components is None
            else volume.model_copy(
                update={"components": tuple(n for c in volume.components for n in nodes_of(c))}
            )
            for volume in self.volumes
        ]
        return self.model_copy(
            update={
                "component_resources": {
                    node: value for name, value in by_length for node in nodes_of(name)
                },
                "volumes": tuple(volumes),
            }
        )
