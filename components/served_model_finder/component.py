"""The ServedModelFinder component."""

from __future__ import annotations

from collections.abc import Mapping

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.served_model_finder import driver, executor


class ServedModelFinderSpec(ComponentSpec):
    """ServedModelFinder component spec."""

    PARAMETERS = {
        executor.SERVING_DIRECTORY_KEY: ExecutionParameter(type=str),
        "source_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        key: ChannelParameter(type=standard_artifacts.Model)
        for key in executor.CANDIDATE_KEYS.values()
    }
    OUTPUTS = {
        standard_component_specs.MODEL_KEY: ChannelParameter(type=standard_artifacts.Model),
    }


class ServedModelFinder(base_component.BaseComponent):
    """Finds the newest version in the serving folder, for the evaluator to compare with.

    TFX's Resolver finds what a pipeline has blessed, from its metadata. What is served can differ:
    after a rollback, after a push by another pipeline, or with metadata of another cluster. And
    open-source Kubeflow does not run a Resolver.

    The driver puts the folder's state into the cache key, since the folder changes without any
    input changing. Kubeflow runs no driver: there the task has to run each time.

    Component `outputs` contains:
     - `model`: Channel of type `standard_artifacts.Model`: `served.json`, which names the version
       or says that there is none, and `Format-Serving/`, a copy of the version, unless its files
       are damaged. It is a copy because the folder changes, while a cached evaluation stays.

    Args:
        candidates: The `standard_artifacts.Model` of each arm of `modules.core.arms.ARMS`. A
            version that was pushed from one of them is passed over, as it did not exist when the
            arm was trained.
        serving_directory: The folder or URI that models are pushed to, by version.
        source_fingerprint: Fingerprint of the code. A new value invalidates the cache.

    Example:
        ```
        served = ServedModelFinder(
            candidates={
                PRETRAINED: warm_start_trainer.outputs["pretrained_arm"],
                SCRATCH: scratch_trainer.outputs["model"],
                WARM_START: warm_start_trainer.outputs["model"],
            },
            serving_directory="runs/digits/serving",
            source_fingerprint="1",
        ).outputs["model"]
        ```
    """

    SPEC_CLASS = ServedModelFinderSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)
    DRIVER_CLASS = driver.Driver

    def __init__(
        self,
        candidates: Mapping[str, types.BaseChannel],
        serving_directory: str,
        source_fingerprint: str,
    ) -> None:
        super().__init__(
            ServedModelFinderSpec(
                **{key: candidates[arm] for arm, key in executor.CANDIDATE_KEYS.items()},
                serving_directory=serving_directory,
                source_fingerprint=source_fingerprint,
                model=types.Channel(type=standard_artifacts.Model),
            )
        )
