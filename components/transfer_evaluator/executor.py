"""Executor of TransferEvaluator."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, path_utils

from components.beam_errors import reraise_user_errors
from components.temporary_folder import temporary_folder
from components.transfer_evaluator.split_answers import AnswerSplits, read_answers
from modules.core.arms import ARMS, PRETRAINED, PROBE, WARM_START, ZERO_SHOT
from modules.core.class_names import read_class_names
from modules.core.errors import DataError
from modules.core.example_features import CLASSES_FILE, EVAL_SPLIT
from modules.core.progress import report_progress
from modules.domains.label_space import LabelSpace
from modules.evaluation.evaluation_report import (
    EVALUATION_FILE,
    PREDICTIONS_FILE,
    evaluation_report,
    predictions_csv,
)
from modules.evaluation.gate import judge
from modules.evaluation.tfma_results import write_tfma_results
from modules.models.served_model import Answers
from modules.models.signature import SERVING_DEFAULT, SERVING_SOURCE
from modules.settings import GateSettings
from modules.transfer.start import start_class_names

TARGET_EXAMPLES_KEY = "target_examples"
SOURCE_EXAMPLES_KEY = "source_examples"
MODEL_KEYS = {arm: f"{arm}_model" for arm in ARMS}
BASE_MODEL_KEY = "base_model"
GATE_KEY = "gate"
SEED_KEY = "seed"
SHOTS_KEY = "shots"
SOURCE_NAME_KEY = "source_name"
TARGET_NAME_KEY = "target_name"

_TEMPORARY_FOLDER = ".answers"
_SOURCE_ARMS = (PRETRAINED, WARM_START)

_Artifacts = dict[str, list[types.Artifact]]


class Executor(base_beam_executor.BaseBeamExecutor):
    """Collects every arm's answers, then judges, then writes. The blessing is written last."""

    def Do(
        self,
        input_dict: _Artifacts,
        output_dict: _Artifacts,
        exec_properties: dict[str, Any],
    ) -> None:
        """Evaluates the arms, and blesses the warm-started model if it passes the gate.

        Raises:
            DataError: A model has no serving signature or other classes, or the examples cannot
                be read. Nothing is written then.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        space = _label_space(input_dict)
        class_names = space.target
        evaluation_uri = artifact_utils.get_single_uri(
            output_dict[standard_component_specs.EVALUATION_KEY]
        )
        with temporary_folder(os.path.join(evaluation_uri, _TEMPORARY_FOLDER)) as folder:
            target, source = self._answers(input_dict, space, folder)
        verdict = judge(
            target[PRETRAINED].labels,
            {arm: target[arm].predicted for arm in ARMS},
            class_names,
            GateSettings.model_validate_json(exec_properties[GATE_KEY]),
            exec_properties[SEED_KEY],
        )
        shots = exec_properties[SHOTS_KEY]
        report = evaluation_report(
            target,
            _source_facts(source, space),
            verdict,
            class_names,
            pretrained_kind=PROBE if space.new else ZERO_SHOT,
            source_name=exec_properties[SOURCE_NAME_KEY] or None,
            target_name=exec_properties[TARGET_NAME_KEY],
            shots=int(shots) if shots.isdecimal() else shots,
            seed=exec_properties[SEED_KEY],
        )
        write_tfma_results(
            evaluation_uri,
            target,
            class_names,
            _eval_folder(input_dict, TARGET_EXAMPLES_KEY),
            {arm: _model_path(input_dict, key) for arm, key in MODEL_KEYS.items()},
        )
        _write(evaluation_uri, PREDICTIONS_FILE, predictions_csv(target))
        _write(
            evaluation_uri, EVALUATION_FILE, json.dumps(report, ensure_ascii=False, allow_nan=False)
        )
        self._bless(input_dict, output_dict, exec_properties, blessed=verdict.blessed)

    def _answers(
        self, input_dict: _Artifacts, space: LabelSpace, folder: str
    ) -> tuple[dict[str, Answers], dict[str, Answers]]:
        """Runs all arms in one Beam job, since remote engines take minutes to start one."""
        questions = _questions(input_dict, space)
        with reraise_user_errors(), self._make_beam_pipeline() as pipeline:
            for number, question in enumerate(questions):
                _ = pipeline | f"{number} {question.arm}" >> AnswerSplits(
                    question.model_path,
                    question.class_names,
                    question.splits,
                    os.path.join(folder, f"{number}"),
                    question.signature,
                )
        answers: dict[str, dict[str, Answers]] = {TARGET_EXAMPLES_KEY: {}, SOURCE_EXAMPLES_KEY: {}}
        for number, question in enumerate(questions):
            for key, files in question.splits.items():
                found = read_answers(key, files, os.path.join(folder, f"{number}"))
                answers[key][question.arm] = found
                if key == TARGET_EXAMPLES_KEY:
                    report_progress(number + 1, len(ARMS), accuracy=_accuracy(found))
        return answers[TARGET_EXAMPLES_KEY], answers[SOURCE_EXAMPLES_KEY]

    def _bless(
        self,
        input_dict: _Artifacts,
        output_dict: _Artifacts,
        exec_properties: dict[str, Any],
        *,
        blessed: bool,
    ) -> None:
        """Writes what TFX's Evaluator writes for the candidate and its baseline."""
        artifact = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.BLESSING_KEY]
        )
        for arm, uri_key, id_key in (
            (
                WARM_START,
                constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY,
                constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY,
            ),
            (
                PRETRAINED,
                constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY,
                constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY,
            ),
        ):
            model = artifact_utils.get_single_instance(input_dict[MODEL_KEYS[arm]])
            artifact.set_string_custom_property(uri_key, model.uri)
            artifact.set_int_custom_property(id_key, model.id)
        if "current_component_id" in exec_properties:
            artifact.set_string_custom_property(
                "component_id", exec_properties["current_component_id"]
            )
        artifact.set_int_custom_property(
            constants.ARTIFACT_PROPERTY_BLESSED_KEY,
            constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE,
        )
        name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
        _write(artifact.uri, name, "")


class _Question(NamedTuple):
    """Splits that a signature of an arm's model answers."""

    arm: str
    model_path: str
    class_names: Sequence[str]
    splits: Mapping[str, Sequence[str]]
    signature: str


def _questions(input_dict: _Artifacts, space: LabelSpace) -> list[_Question]:
    files = {
        key: _eval_files(input_dict, key)
        for key in (TARGET_EXAMPLES_KEY, SOURCE_EXAMPLES_KEY)
        if key in input_dict
    }
    target = {TARGET_EXAMPLES_KEY: files[TARGET_EXAMPLES_KEY]}
    paths = {arm: _model_path(input_dict, key) for arm, key in MODEL_KEYS.items()}
    if SOURCE_EXAMPLES_KEY not in files:
        return [
            _Question(arm, path, space.target, target, SERVING_DEFAULT)
            for arm, path in paths.items()
        ]
    source = {SOURCE_EXAMPLES_KEY: files[SOURCE_EXAMPLES_KEY]}
    if space.source == space.target:
        return [
            _Question(
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
        PRETRAINED: (_model_path(input_dict, BASE_MODEL_KEY), SERVING_DEFAULT),
        WARM_START: (paths[WARM_START], SERVING_SOURCE),
    }
    return [
        *(
            _Question(arm, path, space.target, target, SERVING_DEFAULT)
            for arm, path in paths.items()
        ),
        *(
            _Question(arm, path, space.source, source, signature)
            for arm, (path, signature) in of_source.items()
        ),
    ]


def _label_space(input_dict: _Artifacts) -> LabelSpace:
    source = input_dict.get(SOURCE_EXAMPLES_KEY)
    model = input_dict[MODEL_KEYS[PRETRAINED] if source else BASE_MODEL_KEY]
    names = start_class_names(
        artifact_utils.get_single_uri(source) if source else None,
        artifact_utils.get_single_uri(model),
    )
    target = artifact_utils.get_single_uri(input_dict[TARGET_EXAMPLES_KEY])
    return LabelSpace.of(names, read_class_names(target))


def _source_facts(answers: Mapping[str, Answers], space: LabelSpace) -> dict[str, Any]:
    """Sums up what was forgotten; without a source nothing is known of it."""
    before, after = answers.get(PRETRAINED), answers.get(WARM_START)
    return {
        "accuracy": before and _accuracy(before),
        "accuracy_after_transfer": after and _accuracy(after),
        "examples": len(before.labels) if before else 0,
        "classes": list(space.source),
    }


def _model_path(input_dict: _Artifacts, key: str) -> str:
    model = artifact_utils.get_single_instance(input_dict[key])
    return path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))


def _eval_folder(input_dict: _Artifacts, key: str) -> str:
    return artifact_utils.get_split_uri(input_dict[key], EVAL_SPLIT)


def _eval_files(input_dict: _Artifacts, key: str) -> list[str]:
    folder = _eval_folder(input_dict, key)
    files = fileio.glob(io_utils.all_files_pattern(folder))
    if not files:
        raise DataError(
            folder,
            expected="files of examples",
            found="none",
            fix="Run the pipeline with --fresh to ingest the data again.",
        )
    return sorted(files)


def _accuracy(answers: Answers) -> float:
    return float(np.mean(answers.predicted == answers.labels))


def _write(folder: str, name: str, text: str) -> None:
    io_utils.write_string_file(os.path.join(folder, name), text)
