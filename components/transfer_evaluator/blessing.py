"""The blessing, as TFX's Evaluator writes it."""

from __future__ import annotations

import os

from tfx import types
from tfx.components.evaluator import constants
from tfx.utils import io_utils

from modules.models.served_version import RunMark
from modules.transfer.served.start import ServedStart

# Only this project's Pusher reads them.
PUSHED_ARM_PROPERTY = "pushed_arm"
RUN_PROPERTY = "run"


def write_blessing(
    blessing: types.Artifact,
    candidate: types.Artifact,
    baseline: types.Artifact,
    *,
    pushed_arm: str | None,
    component_id: str | None,
    run: ServedStart | None = None,
) -> None:
    """Writes the blessing, or that there is none.

    Args:
        blessing: The `standard_artifacts.ModelBlessing` to fill.
        candidate: The model that was judged.
        baseline: The model that it was compared with.
        pushed_arm: The arm that the candidate is and that may be pushed; None blesses nothing.
        component_id: Id of the component that judged, where the runner says it.
        run: The run, if it may start from what is served: its version must say so.
    """
    for model, uri_key, id_key in (
        (
            candidate,
            constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY,
            constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY,
        ),
        (
            baseline,
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY,
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY,
        ),
    ):
        blessing.set_string_custom_property(uri_key, model.uri)
        blessing.set_int_custom_property(id_key, model.id)
    if component_id is not None:
        blessing.set_string_custom_property("component_id", component_id)
    if pushed_arm:
        blessing.set_string_custom_property(PUSHED_ARM_PROPERTY, pushed_arm)
    if pushed_arm and run:
        mark = RunMark(run.run, replaced=run.version, arm=pushed_arm)
        blessing.set_string_custom_property(RUN_PROPERTY, mark.to_json())
    value, name = (
        (constants.BLESSED_VALUE, constants.BLESSED_FILE_NAME)
        if pushed_arm
        else (constants.NOT_BLESSED_VALUE, constants.NOT_BLESSED_FILE_NAME)
    )
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)
    io_utils.write_string_file(os.path.join(blessing.uri, name), "")
