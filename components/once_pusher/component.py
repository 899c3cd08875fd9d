"""The OncePusher component."""

from __future__ import annotations

from collections.abc import Mapping

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter
from tfx.types.standard_component_specs import PusherSpec

from components.once_pusher import executor


class OncePusherSpec(PusherSpec):
    """TFX's PusherSpec, with other arms that may be pushed in place of the warm start."""

    INPUTS = {
        **PusherSpec.INPUTS,
        **{
            key: ChannelParameter(type=standard_artifacts.Model, optional=True)
            for key in executor.OTHER_ARM_KEYS.values()
        },
    }


class OncePusher(base_component.BaseComponent):
    """TFX's Pusher, with an executor that pushes once however often its task is retried.

    Component `outputs` contains:
     - `pushed_model`: Channel of type `standard_artifacts.PushedModel`, as TFX's Pusher writes it.

    Args:
        model: The warm-started `standard_artifacts.Model`.
        model_blessing: The `standard_artifacts.ModelBlessing` of TransferEvaluator.
        push_destination: A file system.
        other_arms: The `standard_artifacts.Model` of each arm that the evaluator may bless in place
            of the warm start, by its name in `modules.core.arms`.
    """

    SPEC_CLASS = OncePusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        model: types.BaseChannel,
        model_blessing: types.BaseChannel,
        push_destination: pusher_pb2.PushDestination,
        other_arms: Mapping[str, types.BaseChannel] | None = None,
    ) -> None:
        super().__init__(
            OncePusherSpec(
                model=model,
                model_blessing=model_blessing,
                **{executor.OTHER_ARM_KEYS[arm]: own for arm, own in (other_arms or {}).items()},
                push_destination=push_destination,
                pushed_model=types.Channel(type=standard_artifacts.PushedModel),
            )
        )
