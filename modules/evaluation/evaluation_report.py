"""The files of an evaluation: `evaluation.json` and `predictions.csv`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modules.core.arms import ALL_ARMS, ARMS, PRETRAINED, SERVED
from modules.core.csv_text import csv_text
from modules.evaluation.gate import Verdict
from modules.evaluation.paired_statistics import wilson_interval
from modules.models.served_model import Answers

EVALUATION_FILE = "evaluation.json"
PREDICTIONS_FILE = "predictions.csv"
BLESSED = "blessed"
NOT_BLESSED = "not_blessed"


def arm_report(answers: Answers, class_names: Sequence[str]) -> dict[str, Any]:
    """Summarizes one arm's answers.

    Args:
        answers: Answers to N examples.
        class_names: K names in label order.

    Returns:
        `accuracy`, its Wilson interval `ci95`, `correct`, `total`, `per_class` (accuracy is None
        for a class without examples) and `confusion`, K x K counts by true (row) and predicted
        class.
    """
    num_classes = len(class_names)
    cells = np.bincount(answers.labels * num_classes + answers.predicted, minlength=num_classes**2)
    confusion = cells.reshape(num_classes, num_classes)
    correct, total = int(confusion.trace()), int(confusion.sum())
    return {
        "accuracy": correct / total,
        "ci95": list(wilson_interval(correct, total)),
        "correct": correct,
        "total": total,
        "per_class": {
            name: {"accuracy": hits / count if count else None, "correct": hits, "total": count}
            for name, hits, count in zip(
                class_names,
                confusion.diagonal().tolist(),
                confusion.sum(axis=1).tolist(),
                strict=True,
            )
        },
        "confusion": confusion.tolist(),
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

    Returns:
        A dict of JSON values.
    """
    arms = {arm: arm_report(target[arm], class_names) for arm in ALL_ARMS if arm in target}
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
