"""The gate: is the warm-started model proven to be better than the model before it?

A blessing is an intersection-union test: each requirement must be proven on its own, at the same
level. The chance of blessing a model that misses any of them then stays below that level without
further correction (Berger. Multiparameter hypothesis testing and acceptance sampling.
Technometrics 24(4), 1982). The search for harmed classes is the opposite, many tests for one
alarm, and is corrected for their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.core.arms import ALL_ARMS, ARMS, PRETRAINED, SCRATCH, SERVED, WARM_START
from modules.evaluation.fallback import choose_fallback
from modules.evaluation.outside_requirements import GateCase, outside_requirements
from modules.evaluation.paired_statistics import Interval, wilson_interval
from modules.evaluation.push_requirements import PushEvidence, gains_enough, push_requirements
from modules.evaluation.requirements import (
    PairedCounts,
    better_than_pretrained,
    enough_examples,
    interval,
    no_class_falls,
    not_below_scratch,
    p_value,
)
from modules.settings import GateSettings

WARM_START_VS_PRETRAINED = "warm_start_vs_pretrained"
WARM_START_VS_SCRATCH = "warm_start_vs_scratch"
WARM_START_VS_SERVED = "warm_start_vs_served"

_REPORTED_CONFIDENCE = 0.95

Labels = npt.NDArray[np.integer[Any]]
Right = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """The warm start against another arm, on the same examples.

    Attributes:
        difference: Accuracy of the warm start minus accuracy of the other arm.
        ci95: 95 % interval of the difference, whatever the gate's confidence.
        p_value: Two-sided p-value of the gate's test.
        fixed: Examples that only the warm start gets right.
        broken: Examples that only the other arm gets right.
    """

    difference: float
    ci95: Interval
    p_value: float
    fixed: int
    broken: int


@dataclass(frozen=True)
class Verdict:
    """Whether the warm start is blessed, and why or why not.

    Attributes:
        blessed: Whether all requirements are met.
        reasons: Sentences for people: everything proven, or each requirement missed.
        comparisons: `warm_start_vs_pretrained`, `warm_start_vs_scratch` and, if a model is served,
            `warm_start_vs_served`.
        pushed_arm: The arm to push, if any: the warm start if it is blessed, or, with
            `push: best`, another one.
    """

    blessed: bool
    reasons: list[str]
    comparisons: dict[str, Comparison]
    pushed_arm: str | None


def judge(
    labels: Labels,
    predictions: Mapping[str, Labels],
    class_names: Sequence[str],
    settings: GateSettings,
    seed: int = 0,
    served_problem: str = "",
) -> Verdict:
    """Judges the warm start by its answers on the target's eval split.

    The warm start is blessed only if all of these hold:

    * There are at least `min_eval_examples` examples.
    * It is better than the pretrained model: the two-sided test (exact McNemar or bootstrap) is
      significant at `1 - confidence`, and the difference is positive.
    * It is not worse than the scratch control by more than `scratch_margin`: the lower bound of
      the difference's interval is at or above minus the margin. The bound decides and not the
      estimate, because no transfer is the safe choice and the burden of proof is on the warm
      start. A margin of 0 therefore demands a proven gain over the control.
    * No class falls by more than `max_class_drop` against the pretrained model beyond chance. A
      fall counts if it is larger and its one-sided exact McNemar test is significant at
      `1 - confidence` after Tarone's correction over all classes: among many classes with few
      examples, some always look bad. Here the burden of proof is on the harm, since hardly any
      class has enough examples to prove that it did not fall.
    * Where there are floors, the accuracy is proven to reach `min_accuracy`, and the gain over the
      pretrained model `min_gain`.
    * If a model is served, the warm start is not worse than it by more than `served_margin`, tested
      as the scratch control is, or better, as `served` says. To keep what is served is the safe
      choice, so the burden of proof is on the new model.
    * What `requirements` names is met: requirements from outside this project.

    Args:
        labels: True classes, int [N], in [0, K).
        predictions: Each arm's predicted classes, int [N], by the names in `modules.core.arms`,
            those of the served model only if there is one.
        class_names: K names in label order.
        settings: What the warm start must prove.
        seed: Seed of the bootstrap.
        served_problem: Why the served model has no predictions, although there is one.

    Returns:
        The verdict, with comparisons whatever the outcome.

    Raises:
        ValueError: An arm is missing, lengths differ, there is no example, or a label is not in
            [0, K).

    References:
        Tango 1998, McNemar 1947 and Tarone 1990, as in `modules.evaluation.paired_statistics`.
        Wang, Dai, Poczos, Carbonell. Characterizing and avoiding negative transfer. CVPR 2019,
        section 3: negative transfer is a loss against not transferring at all.

    Example:
        >>> labels = np.arange(100) % 2
        >>> predictions = {"warm_start": labels, "pretrained": 1 - labels, "scratch": 1 - labels}
        >>> judge(labels, predictions, ["even", "odd"], GateSettings()).blessed
        True
    """
    _check_inputs(labels, predictions, class_names)
    right = {arm: predictions[arm] == labels for arm in ALL_ARMS if arm in predictions}
    counts = {
        arm: _paired_counts(right[WARM_START], right[arm]) for arm in right if arm != WARM_START
    }
    by_class = paired_counts_by_class(
        labels, right[WARM_START], right[PRETRAINED], len(class_names)
    )
    evidence = {arm: _push_evidence(arm, right, served_problem) for arm in ARMS}
    requirements = [
        enough_examples(len(labels), settings),
        better_than_pretrained(counts[PRETRAINED], settings, seed),
        not_below_scratch(counts[SCRATCH], settings, seed),
        no_class_falls(by_class, class_names, settings),
        *([gains_enough(counts[PRETRAINED], settings, seed)] if settings.min_gain else []),
        *push_requirements(evidence[WARM_START], settings, seed),
        *outside_requirements(GateCase(labels, predictions, class_names, settings, seed)),
    ]
    blessed = all(requirement.met for requirement in requirements)
    reasons = [item.reason for item in requirements if item.met == blessed]
    pushed_arm = WARM_START if blessed else None
    if settings.push == "best" and not blessed:
        pushed_arm, more = choose_fallback(evidence, len(labels), settings, seed)
        reasons += more
    return Verdict(
        blessed=blessed,
        reasons=reasons,
        comparisons={
            f"{WARM_START}_vs_{arm}": _compare(counts[arm], settings, seed) for arm in counts
        },
        pushed_arm=pushed_arm,
    )


def _push_evidence(arm: str, right: Mapping[str, Right], served_problem: str) -> PushEvidence:
    own = right[arm]
    correct, total = int(np.count_nonzero(own)), len(own)
    return PushEvidence(
        arm=arm,
        accuracy=correct / total,
        accuracy_interval=lambda confidence: wilson_interval(correct, total, confidence),
        against_served=_paired_counts(own, right[SERVED]) if SERVED in right else None,
        served_problem=served_problem,
    )


def _compare(counts: PairedCounts, settings: GateSettings, seed: int) -> Comparison:
    return Comparison(
        difference=counts.difference,
        ci95=interval(counts, settings, _REPORTED_CONFIDENCE, seed),
        p_value=p_value(counts, settings, seed),
        fixed=counts.fixed,
        broken=counts.broken,
    )


def _paired_counts(candidate: Right, baseline: Right) -> PairedCounts:
    both, fixed, broken, neither = (
        int(np.count_nonzero(cell)) for cell in _cells(candidate, baseline)
    )
    return PairedCounts(both, fixed, broken, neither)


def paired_counts_by_class(
    labels: Labels, candidate: Right, baseline: Right, num_classes: int
) -> list[PairedCounts]:
    """Counts by class how two models answered the same examples.

    Args:
        labels: True classes, int [N], in [0, K).
        candidate: Where the candidate is right, bool [N].
        baseline: Where the baseline is right, bool [N].
        num_classes: K.

    Returns:
        K counts, in label order.
    """
    cells = [
        np.bincount(labels[cell], minlength=num_classes).tolist()
        for cell in _cells(candidate, baseline)
    ]
    return [PairedCounts(*counts) for counts in zip(*cells, strict=True)]


def _cells(candidate: Right, baseline: Right) -> tuple[Right, Right, Right, Right]:
    return (
        candidate & baseline,
        candidate & ~baseline,
        ~candidate & baseline,
        ~candidate & ~baseline,
    )


def _check_inputs(
    labels: Labels, predictions: Mapping[str, Labels], class_names: Sequence[str]
) -> None:
    missing = [arm for arm in ARMS if arm not in predictions]
    if missing:
        raise ValueError(f"No predictions of {', '.join(missing)}.")
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(f"Expected one or more labels in one dimension, found {labels.shape}.")
    for arm, predicted in predictions.items():
        if predicted.shape != labels.shape:
            raise ValueError(f"{arm}: {predicted.shape} predictions but {labels.shape} labels.")
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(
            f"Labels lie in [{labels.min()}, {labels.max()}] but there are {len(class_names)} "
            "classes."
        )
