"""Runs a component's Beam jobs on the configured engine, which is no part of its cache key."""

from __future__ import annotations

import functools
from typing import Any

from google.protobuf import message
from tfx.orchestration.portable import data_types
from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
from tfx.proto.orchestration import executable_spec_pb2, execution_result_pb2

from components.beam_endpoint import require_job_service
from components.beam_errors import reraise_user_errors
from pipelines.beam.versions import with_versions


def without_engine(executor_spec: message.Message | None) -> message.Message | None:
    """Returns an executor's specification without Beam's options.

    TFX keys its cache on the specification. Every engine gives the same results, so that changing
    it must not run finished work again.
    """
    if not isinstance(executor_spec, executable_spec_pb2.BeamExecutableSpec):
        return executor_spec
    bare = executable_spec_pb2.BeamExecutableSpec()
    bare.CopyFrom(executor_spec)
    for field in ("beam_pipeline_args", "beam_pipeline_args_placeholders"):
        bare.ClearField(field)
    return bare


def engine_operators(executor_spec: message.Message | None) -> dict[type, Any]:
    """Operators for TFX's Launcher that run an executor with the options in its specification."""
    return {
        executable_spec_pb2.BeamExecutableSpec: functools.partial(_EngineOperator, executor_spec)
    }


class _EngineOperator(BeamExecutorOperator):
    """TFX's operator, but with the options of a specification that the launcher does not see."""

    def __init__(
        self,
        full_spec: message.Message | None,
        executor_spec: message.Message,
        platform_config: message.Message | None = None,
    ) -> None:
        del executor_spec  # Without options.
        super().__init__(full_spec, platform_config)
        given = [option.value.string_value for option in self.beam_pipeline_args]
        for option, complete in zip(self.beam_pipeline_args, with_versions(given), strict=True):
            option.value.string_value = complete

    def run_executor(
        self, execution_info: data_types.ExecutionInfo, make_beam_pipeline_fn: Any = None
    ) -> execution_result_pb2.ExecutorOutput:
        """Runs the executor, if the engine answers.

        Raises:
            EngineError: The engine does not answer, or lost a worker.
        """
        require_job_service(
            placeholder.value.string_value for placeholder in self.beam_pipeline_args
        )
        with reraise_user_errors():
            return super().run_executor(execution_info, make_beam_pipeline_fn)
