"""Serving folders with a real, tiny model in them, pushed as the pipeline pushes."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import json_format
from tfx.dsl.components.base import base_executor
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts

from components.once_pusher.executor import Executor


def push(model: Path, output: Path) -> Path:
    """Pushes a blessed Model artifact to the serving folder of a run.

    Args:
        model: Root of the artifact.
        output: The run's output folder.

    Returns:
        The version.
    """
    artifact, blessing = standard_artifacts.Model(), standard_artifacts.ModelBlessing()
    artifact.uri = str(model)
    blessing.set_int_custom_property("blessed", 1)
    pushed = standard_artifacts.PushedModel()
    pushed.uri = str(output / "pushed_model")
    destination = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(output / "serving"))
    )
    Executor(base_executor.BaseExecutor.Context()).Do(
        {"model": [artifact], "model_blessing": [blessing]},
        {"pushed_model": [pushed]},
        {"push_destination": json_format.MessageToJson(destination)},
    )
    return Path(pushed.get_string_custom_property("pushed_destination"))
