"""The ServedModelFinder component."""

from __future__ import annotations

from collections.abc import Mapping

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.served_model_finder import driver, executor
from modules.settings.plans import TransferPlan
from modules.training.jobs import PLAN_KEY


class ServedModelFinderSpec(ComponentSpec):
    """ServedModelFinder component spec."""

    PARAMETERS = {
        executor.SERVING_DIRECTORY_KEY: ExecutionParameter(type=str),
        PLAN_KEY: ExecutionParameter(type=str, optional=True),
        "source_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        **{
            key: ChannelParameter(type=standard_artifacts.Model, optional=True)
            for key in executor.CANDIDATE_KEYS.values()
        },
        **{
            key: ChannelParameter(type=kind, optional=True)
            for key, kind in executor.START_INPUTS.items()
        },
    }
    OUTPUTS = {
        standard_component_specs.MODEL_KEY: ChannelParameter(type=standard_artifacts.Model),
    }


class ServedModelFinder(base_component.BaseComponent):
    """Finds the newest version in the serving folder, to compare with or to start from.

    TFX's Resolver finds what a pipeline has blessed, from its metadata. What is served can differ:
    after a rollback, after a push by another pipeline, or with metadata of another cluster. And
    open-source Kubeflow does not run a Resolver.

    The driver puts the folder's state into the cache key, since the folder changes without any
    input changing. Kubeflow runs no driver: there the task has to run each time.

    A version that the run itself has pushed is passed over: a repeated run meets what it met. After
    the trainings the run is known by its models. If a training is to start from what is served, the
    run is known by what it trains on and how, and its versions carry that.

    Component `outputs` contains:
     - `model`: Channel of type `standard_artifacts.Model`: `served.json`, which names the version
       or says that there is none, and `Format-Serving/`, a copy of the version, unless its files
       are damaged. It is a copy because the folder changes, while a cached evaluation stays. With
       `start`, also `start.json`, which says whether a warm start can begin from it, and then its
       weights by name in `checkpoint/`.

    Args:
        serving_directory: The folder or URI that models are pushed to, by version.
        source_fingerprint: Fingerprint of the code. A new value invalidates the cache.
        candidates: The `standard_artifacts.Model` of each arm of `modules.core.arms.ARMS`; None
            before they are trained.
        start: Where a warm start may begin from what is served, what it trains on, by the names of
            WarmStartTrainer's inputs.
        plan: With `start`, how it trains.

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
        serving_directory: str,
        source_fingerprint: str,
        candidates: Mapping[str, types.BaseChannel] | None = None,
        start: Mapping[str, types.BaseChannel | None] | None = None,
        plan: TransferPlan | None = None,
    ) -> None:
        super().__init__(
            ServedModelFinderSpec(
                **{executor.CANDIDATE_KEYS[arm]: own for arm, own in (candidates or {}).items()},
                **(start or {}),
                plan=plan and plan.model_dump_json(),
                serving_directory=serving_directory,
                source_fingerprint=source_fingerprint,
                model=types.Channel(type=standard_artifacts.Model),
            )
        )
