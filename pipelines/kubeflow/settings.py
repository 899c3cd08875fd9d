"""The `kubeflow` section of a configuration: what its tasks ask of the cluster."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modules.settings.base import PositiveFloat, PositiveInt, Settings

_KubernetesName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
_MountPath = Annotated[str, Field(pattern=r"^/.+")]


class ResourceSettings(Settings):
    """What a task's container requests and may use at most.

    Attributes:
        cpu_request: Cores.
        cpu_limit: Cores; None sets no limit, which avoids throttling.
        memory_request_gb: Gigabytes.
        memory_limit_gb: Gigabytes; the container is killed above it.
        accelerator: Kubernetes' name of an accelerator, such as nvidia.com/gpu.
        accelerator_count: Accelerators; without `accelerator` it means nothing.
    """

    cpu_request: PositiveFloat = 1.0
    cpu_limit: PositiveFloat | None = None
    memory_request_gb: PositiveFloat = 2.0
    memory_limit_gb: PositiveFloat | None = 6.0
    accelerator: str | None = None
    accelerator_count: PositiveInt = 1


class RetrySettings(Settings):
    """How often a failed task is tried again, and after which pause.

    Attributes:
        max_retries: After the first attempt; 0 retries nothing.
        pause_seconds: Before the first retry.
        pause_factor: By which the pause grows from retry to retry.
        max_pause_seconds: What the pause grows to at most.
    """

    max_retries: Annotated[int, Field(ge=0)] = 2
    pause_seconds: PositiveInt = 30
    pause_factor: PositiveFloat = 2.0
    max_pause_seconds: PositiveInt = 600


class VolumeSettings(Settings):
    """A persistent volume claim that tasks mount.

    Attributes:
        claim: Name of the PersistentVolumeClaim, which must exist in the run's namespace.
        mount_path: Where the tasks see it.
        components: Ids of the components that mount it; None means all.
    """

    claim: _KubernetesName
    mount_path: _MountPath
    components: tuple[str, ...] | None = Field(default=None, strict=False)


class KubeflowSettings(Settings):
    """What `warmstart compile` puts into the pipeline beside the DAG.

    Attributes:
        resources: Of every component that `component_resources` does not name.
        component_resources: By component id, such as PretrainTrainer.
        retries: Of every component.
        volumes: Volumes with data, or with the folder that a model server watches.
        state_claim: Claim of a volume that keeps the checkpoints of interrupted trainings. Without
            it a retried training starts again.
        serving_directory: A mounted folder or a gs:// URI into which blessed models are pushed.
            None is `serving/` below a gs:// pipeline root; with any other root the model is kept
            only as the `pushed_model` artifact.
        image_pull_secret: Secret for a private registry.
    """

    resources: ResourceSettings = ResourceSettings()
    component_resources: dict[str, ResourceSettings] = Field(default={}, strict=False)
    retries: RetrySettings = RetrySettings()
    volumes: tuple[VolumeSettings, ...] = Field(default=(), strict=False)
    state_claim: _KubernetesName | None = None
    serving_directory: Annotated[str, Field(pattern=r"^(/|gs://).+")] | None = None
    image_pull_secret: _KubernetesName | None = None
