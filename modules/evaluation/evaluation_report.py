"""The files of an evaluation: `evaluation.json` and `predictions.csv`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.core.arms import ALL_ARMS, ARMS, PRETRAINED, SERVED
from modules.core.csv_text import csv_text
from modules.evaluation.gate import Verdict
from modules.evaluation.grouped_statistics import accuracy_interval
from modules.evaluation.paired_counts import Groups, Right, group_numbers
from modules.models.served_model import Answers

EVALUATION_FILE = "evaluation.json"
PREDICTIONS_FILE = "predictions.csv"
BLESSED = "blessed"
NOT_BLESSED = "not_blessed"


def arm_report(
    answers: Answers, class_names: Sequence[str], groups: Groups | None = None
) -> dict[str, Any]:
    """Summarizes one arm's answers.

    Args:
        answers: Answers to N examples.
        class_names: K names in label order.
        groups: Number of each example's group, int64 [N]; None where each stands for itself.

    Returns:
        `accuracy`, its interval `ci95` (Wilson's, or a wider one of groups), `correct`, `total`,
        `per_class` (the same; accuracy and interval are None for a class without examples) and
        `confusion`, K x K counts by true (row) and predicted class.
    """
    num_classes = len(class_names)
    right = answers.predicted == answers.labels
    cells = np.bincount(answers.labels * num_classes + answers.predicted, minlength=num_classes**2)
    return {
        **score(right, groups),
        "per_class": {
            name: score(right[here], None if groups is None else groups[here])
            for name, here in (
                (name, answers.labels == label) for label, name in enumerate(class_names)
            )
        },
        "confusion": cells.reshape(num_classes, num_classes).tolist(),
    }


def score(right: Right, groups: Groups | None) -> dict[str, Any]:
    """Returns `accuracy`, its interval `ci95`, `correct` and `total` of answers, bool [N]."""
    correct, total = int(np.count_nonzero(right)), len(right)
    if not total:
        return {"accuracy": None, "ci95": None, "correct": 0, "total": 0}
    return {
        "accuracy": correct / total,
        "ci95": list(accuracy_interval(right, groups)),
        "correct": correct,
        "total": total,
    }


def evaluation_report(
    target: Mapping[str, Answers],
    source: Mapping[str, Any],
    verdict: Verdict,
    class_names: Sequence[str],
    *,
    source_name: str | None,
    target_name: str,
    shots: int | str,
    seed: int,
    pretrained_kind: str,
    served_version: int = 0,
    groups: npt.NDArray[Any] | None = None,
    attempt: int | None = None,
    spans: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Builds the content of `evaluation.json`.

    Args:
        target: Each arm's answers to the target's eval split.
        source: `accuracy`, `accuracy_after_transfer` and `examples` on the source's eval split, and
            the source's `classes`. Without a source the accuracies are None, and the classes are
            the model's.
        verdict: The gate's verdict.
        class_names: K names in label order.
        source_name: Name of the source domain; None without one.
        target_name: Name of the target domain.
        shots: Labelled target examples per class used for training, or `all`.
        seed: The run's seed.
        pretrained_kind: `zero_shot` or `probe`: what the pretrained arm is.
        served_version: The version behind the served arm, if there is one.
        groups: Name of each target example's group; None where each stands for itself.
        attempt: How often the eval split has been asked; None where nobody counts.
        spans: What `score_spans` returns; None where the data do not come in spans.

    Returns:
        A dict of JSON values.
    """
    numbers = None if groups is None else group_numbers(groups)
    arms = {arm: arm_report(target[arm], class_names, numbers) for arm in ALL_ARMS if arm in target}
    arms[PRETRAINED] = {"kind": pretrained_kind, **arms[PRETRAINED]}
    if SERVED in arms:
        arms[SERVED] = {"version": served_version, **arms[SERVED]}
    return {
        "source": {"name": source_name, **source},
        "target": {
            "name": target_name,
            "shots": shots,
            "eval_examples": len(target[ARMS[0]].labels),
            "classes": list(class_names),
        },
        "arms": arms,
        "comparisons": {
            name: {**dataclasses.asdict(comparison), "ci95": list(comparison.ci95)}
            for name, comparison in verdict.comparisons.items()
        },
        "assumptions": {"independent": verdict.groups is None, "groups": verdict.groups},
        "spans": spans,
        "attempt": {"number": attempt, "level": verdict.level},
        "verdict": BLESSED if verdict.blessed else NOT_BLESSED,
        "reasons": verdict.reasons,
        "pushed_arm": verdict.pushed_arm,
        "seed": seed,
    }


def predictions_csv(answers: Mapping[str, Answers]) -> str:
    """Lists every example with its true label and each arm's label and confidence.

    Args:
        answers: Each arm's answers to the same examples in the same order; the served model's only
            if there is one.

    Returns:
        CSV text with the columns `example_id`, `label` and, for each arm, `<arm>_label` and
        `<arm>_confidence`. Labels are indices into the class names.
    """
    first = answers[ARMS[0]]
    columns = {"example_id": first.example_ids, "label": first.labels.tolist()}
    for arm in (arm for arm in ALL_ARMS if arm in answers):
        columns[f"{arm}_label"] = answers[arm].predicted.tolist()
        columns[f"{arm}_confidence"] = [f"{value:.6f}" for value in answers[arm].confidence]
    return csv_text(columns, zip(*columns.values(), strict=True))
