"""Executor of TransferEvaluator."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils

from components.beam_errors import reraise_user_errors
from components.temporary_folder import temporary_folder
from components.transfer_evaluator.attempts import count_attempt
from components.transfer_evaluator.blessing import write_blessing
from components.transfer_evaluator.inputs import (
    MODEL_KEYS,
    SERVED_MODEL_KEY,
    SOURCE_EXAMPLES_KEY,
    TARGET_EXAMPLES_KEY,
    Artifacts,
    eval_files,
    eval_folder,
    label_space,
    model_path,
    served_start,
    served_version,
)
from components.transfer_evaluator.questions import arm_questions, question_to_served
from components.transfer_evaluator.split_answers import (
    AnswerSplits,
    read_answers,
    read_groups,
    read_refusal,
    read_spans,
)
from modules.core.arms import PRETRAINED, PROBE, SERVED, WARM_START, ZERO_SHOT
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
from modules.evaluation.spans.scores import newest_of, score_spans
from modules.evaluation.tfma_results import write_tfma_results
from modules.models.served_model import Answers
from modules.models.served_version import ServedVersion
from modules.settings import GateSettings

GATE_KEY = "gate"
SEED_KEY = "seed"
SHOTS_KEY = "shots"
SOURCE_NAME_KEY = "source_name"
TARGET_NAME_KEY = "target_name"
ATTEMPTS_KEY = "attempts_directory"

_TEMPORARY_FOLDER = ".answers"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Collects every arm's answers, then judges, then writes. The blessing is written last."""

    def Do(
        self,
        input_dict: Artifacts,
        output_dict: Artifacts,
        exec_properties: dict[str, Any],
    ) -> None:
        """Evaluates the arms, and blesses the warm-started model if it passes the gate.

        Raises:
            DataError: A model has no serving signature or other classes, or the examples cannot
                be read. Nothing is written then.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        space = label_space(input_dict)
        class_names = space.target
        evaluation_uri = artifact_utils.get_single_uri(
            output_dict[standard_component_specs.EVALUATION_KEY]
        )
        served = served_version(input_dict)
        with temporary_folder(os.path.join(evaluation_uri, _TEMPORARY_FOLDER)) as folder:
            target, source, refusal = self._answers(input_dict, space, served, folder)
        ingestion = read_ingestion(artifact_utils.get_single_uri(input_dict[TARGET_EXAMPLES_KEY]))
        groups = None
        if ingestion.groups is not None:
            groups = read_groups(eval_files(input_dict, TARGET_EXAMPLES_KEY), target[PRETRAINED])
        spans = read_spans(eval_files(input_dict, TARGET_EXAMPLES_KEY), target[PRETRAINED])
        attempt = None
        if ingestion.eval_content and exec_properties.get(ATTEMPTS_KEY):
            attempt = count_attempt(exec_properties[ATTEMPTS_KEY], ingestion.eval_content, target)
        seed, shots = exec_properties[SEED_KEY], exec_properties[SHOTS_KEY]
        gate = GateSettings.model_validate_json(exec_properties[GATE_KEY])
        verdict = judge(
            target[PRETRAINED].labels,
            {arm: answers.predicted for arm, answers in target.items()},
            class_names,
            gate,
            seed,
            served.problem or refusal,
            groups=groups,
            attempt=attempt or FIRST_ATTEMPT,
            newest=None if spans is None else newest_of(spans),
        )
        report = evaluation_report(
            target,
            _source_facts(source, space),
            verdict,
            class_names,
            pretrained_kind=PROBE if space.new else ZERO_SHOT,
            source_name=exec_properties[SOURCE_NAME_KEY] or None,
            target_name=exec_properties[TARGET_NAME_KEY],
            shots=int(shots) if shots.isdecimal() else shots,
            seed=seed,
            served_version=served.number,
            groups=groups,
            attempt=attempt,
            spans=None if spans is None else score_spans(target, spans, gate, groups, seed),
        )
        models = {**MODEL_KEYS, SERVED: SERVED_MODEL_KEY}
        write_tfma_results(
            evaluation_uri,
            target,
            class_names,
            eval_folder(input_dict, TARGET_EXAMPLES_KEY),
            {arm: model_path(input_dict, models[arm]) for arm in target},
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
            run=served_start(input_dict),
        )

    def _answers(
        self, input_dict: Artifacts, space: LabelSpace, served: ServedVersion, folder: str
    ) -> tuple[dict[str, Answers], dict[str, Answers], str]:
        """Runs all arms in one Beam job, since remote engines take minutes to start one.

        Returns:
            The answers to the target and to the source, by arm, and why the served model has none.
        """
        questions = arm_questions(input_dict, space)
        if served.is_usable:
            questions.append(question_to_served(input_dict, space))
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


def _source_facts(answers: Mapping[str, Answers], space: LabelSpace) -> dict[str, Any]:
    """Sums up what was forgotten; without a source nothing is known of it."""
    before, after = answers.get(PRETRAINED), answers.get(WARM_START)
    return {
        "accuracy": before and _accuracy(before),
        "accuracy_after_transfer": after and _accuracy(after),
        "examples": len(before.labels) if before else 0,
        "classes": list(space.source),
    }


def _accuracy(answers: Answers) -> float:
    return float(np.mean(answers.predicted == answers.labels))


def _write(folder: str, name: str, text: str) -> None:
    io_utils.write_string_file(os.path.join(folder, name), text)
