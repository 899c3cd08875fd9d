"""Which model answers which examples, and by which signature."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tfx.types import artifact_utils

from components.transfer_evaluator.inputs import (
    BASE_MODEL_KEY,
    MODEL_KEYS,
    SERVED_MODEL_KEY,
    SOURCE_EXAMPLES_KEY,
    TARGET_EXAMPLES_KEY,
    Artifacts,
    eval_files,
    model_path,
)
from modules.core.arms import PRETRAINED, SERVED, WARM_START
from modules.core.errors import DataError
from modules.core.example_features import CLASSES_FILE
from modules.domains.label_space import LabelSpace
from modules.models.signature import SERVING_DEFAULT, SERVING_SOURCE

_SOURCE_ARMS = (PRETRAINED, WARM_START)


class Question(NamedTuple):
    """Splits that a signature of an arm's model answers."""

    arm: str
    model_path: str
    class_names: Sequence[str]
    splits: Mapping[str, Sequence[str]]
    signature: str


def arm_questions(input_dict: Artifacts, space: LabelSpace) -> list[Question]:
    """Asks each arm about the target, and two of them about the source."""
    files = {
        key: eval_files(input_dict, key)
        for key in (TARGET_EXAMPLES_KEY, SOURCE_EXAMPLES_KEY)
        if key in input_dict
    }
    target = {TARGET_EXAMPLES_KEY: files[TARGET_EXAMPLES_KEY]}
    paths = {arm: model_path(input_dict, key) for arm, key in MODEL_KEYS.items()}
    if SOURCE_EXAMPLES_KEY not in files:
        return [
            Question(arm, path, space.target, target, SERVING_DEFAULT)
            for arm, path in paths.items()
        ]
    source = {SOURCE_EXAMPLES_KEY: files[SOURCE_EXAMPLES_KEY]}
    if space.source == space.target:
        return [
            Question(
                arm, path, space.target, files if arm in _SOURCE_ARMS else target, SERVING_DEFAULT
            )
            for arm, path in paths.items()
        ]
    if BASE_MODEL_KEY not in input_dict:
        raise DataError(
            os.path.join(
                artifact_utils.get_single_uri(input_dict[TARGET_EXAMPLES_KEY]), CLASSES_FILE
            ),
            expected=f"the source's classes {list(space.source)}",
            found=f"{list(space.target)}",
            fix="Give TransferEvaluator the pretrained model, too, as base_model.",
        )
    of_source = {
        PRETRAINED: (model_path(input_dict, BASE_MODEL_KEY), SERVING_DEFAULT),
        WARM_START: (paths[WARM_START], SERVING_SOURCE),
    }
    return [
        *(
            Question(arm, path, space.target, target, SERVING_DEFAULT)
            for arm, path in paths.items()
        ),
        *(
            Question(arm, path, space.source, source, signature)
            for arm, (path, signature) in of_source.items()
        ),
    ]


def question_to_served(input_dict: Artifacts, space: LabelSpace) -> Question:
    """Asks the served model about the target."""
    target = {TARGET_EXAMPLES_KEY: eval_files(input_dict, TARGET_EXAMPLES_KEY)}
    path = model_path(input_dict, SERVED_MODEL_KEY)
    return Question(SERVED, path, space.target, target, SERVING_DEFAULT)
