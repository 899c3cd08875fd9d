"""The OncePusher component."""

from __future__ import annotations

from tfx.components.pusher.component import Pusher
from tfx.dsl.components.base import executor_spec

from components.once_pusher import executor


class OncePusher(Pusher):
    """TFX's Pusher, with an executor that pushes once however often its task is retried.

    Inputs, outputs and parameters are the Pusher's; the destination must be a file system.
    """

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)
