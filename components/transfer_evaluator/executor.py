"""Executor of TransferEvaluator."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, path_utils

from components.beam_errors import reraise_user_errors
from components.temporary_folder import temporary_folder
from components.transfer_evaluator.attempts import count_attempt
from components.transfer_evaluator.blessing import write_blessing
from components.transfer_evaluator.split_answers import (
    AnswerSplits,
    read_answers,
    read_groups,
    read_refusal,
)
from modules.core.arms import ARMS, PRETRAINED, PROBE, SERVED, WARM_START, ZERO_SHOT
from modules.core.class_names import read_class_names
from modules.core.errors import DataError
from modules.core.example_features import CLASSES_FILE, EVAL_SPLIT
from modules.core.progress import report_progress
from modules.domains.ingestion import read_ingestion
from modules.domains.label_space import LabelSpace
from modules.evaluation.attempts import FIRST_ATTEMPT
from modules.evaluation.evaluation_report import (
    EVALUATION_FILE,
    PREDICTIONS_FILE,
    evaluation_report,
    predictions_csv,
)
from modules.evaluation.gate import judge
from modules.evaluation.tfma_results import write_tfma_results
from modules.models.served_model import Answers
from modules.models.served_version import ServedVersion
from modules.models.signature import SERVING_DEFAULT, SERVING_SOURCE
from modules.settings import GateSettings
from modules.transfer.start import start_class_names

TARGET_EXAMPLES_KEY = "target_examples"
SOURCE_EXAMPLES_KEY = "source_examples"
MODEL_KEYS = {arm: f"{arm}_model" for arm in ARMS}
BASE_MODEL_KEY = "base_model"
SERVED_MODEL_KEY = "served_model"
GATE_KEY = "gate"
SEED_KEY = "seed"
SHOTS_KEY = "shots"
SOURCE_NAME_KEY = "source_name"
TARGET_NAME_KEY = "target_name"
ATTEMPTS_KEY = "attempts_directory"

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
        served = _served_version(input_dict)
        with temporary_folder(os.path.join(evaluation_uri, _TEMPORARY_FOLDER)) as folder:
            target, source, refusal = self._answers(input_dict, space, served, folder)
        ingestion = read_ingestion(artifact_utils.get_single_uri(input_dict[TARGET_EXAMPLES_KEY]))
        groups = None
        if ingestion.groups is not None:
            groups = read_groups(_eval_files(input_dict, TARGET_EXAMPLES_KEY), target[PRETRAINED])
        attempt = None
        if ingestion.eval_content and exec_properties.get(ATTEMPTS_KEY):
            attempt = count_attempt(exec_properties[ATTEMPTS_KEY], ingestion.eval_content, target)
        verdict = judge(
            target[PRETRAINED].labels,
            {arm: answers.predicted for arm, answers in target.items()},
            class_names,
            GateSettings.model_validate_json(exec_properties[GATE_KEY]),
            exec_properties[SEED_KEY],
            served.problem or refusal,
            groups=groups,
            attempt=attempt or FIRST_ATTEMPT,
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
            served_version=served.number,
            groups=groups,
            attempt=attempt,
        )
        models = {**MODEL_KEYS, SERVED: SERVED_MODEL_KEY}
        write_tfma_results(
            evaluation_uri,
            target,
            class_names,
            _eval_folder(input_dict, TARGET_EXAMPLES_KEY),
            {arm: _model_path(input_dict, models[arm]) for arm in target},
        )
        _write(evaluation_uri, PREDICTIONS_FILE, predictions_csv(target))
        _write(
            evaluation_uri, EVALUATION_FILE, json.dumps(report, ensure_ascii=False, allow_nan=False)
        )
        write_blessing(
            artifact_utils.get_single_instance(output_dict[standard_component_specs.BLESSING_KEY]),
            artifact_utils.get_single_instance(
                input_dict[MODEL_KEYS[verdict.pushed_arm or WARM_START]]
            ),
            artifact_utils.get_single_instance(input_dict[MODEL_KEYS[PRETRAINED]]),
            pushed_arm=verdict.pushed_arm,
            component_id=exec_properties.get("current_component_id"),
        )

    def _answers(
        self, input_dict: _Artifacts, space: LabelSpace, served: ServedVersion, folder: str
    ) -> tuple[dict[str, Answers], dict[str, Answers], str]:
        """Runs all arms in one Beam job, since remote engines take minutes to start one.

        Returns:
            The answers to the target and to the source, by arm, and why the served model has none.
        """
        questions = _questions(input_dict, space)
        if served.is_usable:
            questions.append(_question_to_served(input_dict, space))
        with reraise_user_errors(), self._make_beam_pipeline() as pipeline:
            for number, question in enumerate(questions):
                _ = pipeline | f"{number} {question.arm}" >> AnswerSplits(
                    question.model_path,
                    question.class_names,
                    question.splits,
                    os.path.join(folder, f"{number}"),
                    question.signature,
                    is_foreign=question.arm == SERVED,
                )
        asked = sum(TARGET_EXAMPLES_KEY in question.splits for question in questions)
        answers: dict[str, dict[str, Answers]] = {TARGET_EXAMPLES_KEY: {}, SOURCE_EXAMPLES_KEY: {}}
        refusal = ""
        for number, question in enumerate(questions):
            for key, files in question.splits.items():
                place = os.path.join(folder, f"{number}")
                if question.arm == SERVED and (refusal := read_refusal(key, files, place)):
                    continue
                found = read_answers(key, files, place)
                answers[key][question.arm] = found
                if key == TARGET_EXAMPLES_KEY:
                    report_progress(len(answers[key]), asked, accuracy=_accuracy(found))
        return answers[TARGET_EXAMPLES_KEY], answers[SOURCE_EXAMPLES_KEY], refusal


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


def _question_to_served(input_dict: _Artifacts, space: LabelSpace) -> _Question:
    target = {TARGET_EXAMPLES_KEY: _eval_files(input_dict, TARGET_EXAMPLES_KEY)}
    path = _model_path(input_dict, SERVED_MODEL_KEY)
    return _Question(SERVED, path, space.target, target, SERVING_DEFAULT)


def _served_version(input_dict: _Artifacts) -> ServedVersion:
    if SERVED_MODEL_KEY not in input_dict:
        return ServedVersion()
    return ServedVersion.read(artifact_utils.get_single_uri(input_dict[SERVED_MODEL_KEY]))


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
