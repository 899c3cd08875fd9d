"""Executor of OncePusher: one version in the serving folder for one execution."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl import logging
from tfx import types
from tfx.components.pusher import executor as pusher_executor
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, proto_utils

from components.transfer_evaluator.blessing import PUSHED_ARM_PROPERTY, RUN_PROPERTY
from modules.core.arms import PRETRAINED, SCRATCH
from modules.core.checksums import write_checksums
from modules.core.hashing import files_below
from modules.models.served_version import list_versions, owner_mark
from modules.models.serving_folder import (
    OWNER_FILE,
    RUN_FILE,
    SAVED_MODEL_FILE,
    next_version,
    whole_version,
)

OTHER_ARM_KEYS = {PRETRAINED: "pretrained_model", SCRATCH: "scratch_model"}


class Executor(pusher_executor.Executor):
    """Pushes a blessed model once, under the version of its time.

    TFX's own executor makes a new version each time it runs, so a task that is killed after its
    push and retried pushes twice. Here a version names the model that it holds. Pushing the same
    model again completes that version instead of making another one. Nor is another version made by
    a run that is repeated without a cache, where versions name their run.

    A new version is higher than all existing ones, even if the clock was set back: model servers
    load the highest. On a local disk it appears complete, in one step. Its `SHA256SUMS` proves
    that it still is what was pushed.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Copies the blessed arm's model to the serving folder, if one is blessed."""
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed_model = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.PUSHED_MODEL_KEY]
        )
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed_model)
            return
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(
            exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination
        )
        model_path = self.GetModelPath(_with_blessed_arm(input_dict))
        base = destination.filesystem.base_directory
        owner, run = owner_mark(model_path), _blessing_says(input_dict, RUN_PROPERTY)
        marks = {OWNER_FILE: owner, **({RUN_FILE: run} if run else {})}
        version = _find_version(base, owner, run) or _new_version(base)
        serving_path = os.path.join(base, version)
        if "://" in base or fileio.exists(serving_path):
            _complete(model_path, serving_path, marks)
        else:
            with whole_version(Path(serving_path)) as partial:
                io_utils.copy_dir(model_path, str(partial))
                _write_marks(str(partial), marks)
                write_checksums(model_path, place=str(partial))
        logging.info("Model pushed to %s.", serving_path)
        io_utils.copy_dir(model_path, pushed_model.uri)
        self._MarkPushed(pushed_model, pushed_destination=serving_path, pushed_version=version)


def _blessing_says(input_dict: dict[str, list[types.Artifact]], name: str) -> str:
    blessing = artifact_utils.get_single_instance(
        input_dict[standard_component_specs.MODEL_BLESSING_KEY]
    )
    return str(blessing.get_string_custom_property(name))


def _with_blessed_arm(
    input_dict: dict[str, list[types.Artifact]],
) -> dict[str, list[types.Artifact]]:
    """Puts the arm that the blessing names in the place of the model."""
    key = OTHER_ARM_KEYS.get(_blessing_says(input_dict, PUSHED_ARM_PROPERTY))
    if key is None:
        return input_dict
    return {**input_dict, standard_component_specs.MODEL_KEY: input_dict[key]}


def _find_version(base: str, owner: str, run: str) -> str | None:
    """Returns the newest version that already holds this model, or is whole and of this run."""
    for name in reversed(list_versions(base)):
        version = os.path.join(base, name)
        if _read(version, OWNER_FILE) == owner:
            return name
        is_whole = fileio.exists(os.path.join(version, SAVED_MODEL_FILE))
        if run and is_whole and _read(version, RUN_FILE) == run:
            return name
    return None


def _read(version: str, name: str) -> str:
    path = os.path.join(version, name)
    return str(io_utils.read_string_file(path)) if fileio.exists(path) else ""


def _write_marks(version: str, marks: Mapping[str, str]) -> None:
    for name, text in marks.items():
        io_utils.write_string_file(os.path.join(version, name), text)


def _new_version(base: str) -> str:
    return str(next_version(map(int, list_versions(base)), time.time()))


def _complete(model_path: str, serving_path: str, marks: Mapping[str, str]) -> None:
    """Copies what is missing, saved_model.pb last: to servers, it means a complete version."""
    saved_model = os.path.join(serving_path, SAVED_MODEL_FILE)
    if fileio.exists(saved_model):
        return
    _write_marks(serving_path, marks)
    for source in files_below(model_path):
        relative = os.path.relpath(source, model_path)
        if relative != SAVED_MODEL_FILE:
            io_utils.copy_file(source, os.path.join(serving_path, relative), overwrite=True)
    write_checksums(model_path, place=serving_path)
    partial = f"{saved_model}.partial"
    io_utils.copy_file(os.path.join(model_path, SAVED_MODEL_FILE), partial, overwrite=True)
    fileio.rename(partial, saved_model)
