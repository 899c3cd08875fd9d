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

import numpy.typing as npt

from modules.core.arms import ALL_ARMS, ARMS, PRETRAINED, SCRATCH, SERVED, WARM_START
from modules.evaluation.attempts import FIRST_ATTEMPT, at_attempt
from modules.evaluation.fallback import choose_fallback
from modules.evaluation.grouped_statistics import accuracy_interval
from modules.evaluation.outside_requirements import GateCase, outside_requirements
from modules.evaluation.paired_counts import (
    Groups,
    Labels,
    PairedCounts,
    Right,
    group_numbers,
    paired_counts,
    paired_counts_by_class,
)
from modules.evaluation.paired_statistics import Interval
from modules.evaluation.push_requirements import PushEvidence, gains_enough, push_requirements
from modules.evaluation.requirements import (
    better_than_pretrained,
    enough_examples,
    enough_groups,
    interval,
    no_class_falls,
    not_below_scratch,
    p_value,
)
from modules.evaluation.spans.newest import newest_labels_fit
from modules.settings import GateSettings

WARM_START_VS_PRETRAINED = "warm_start_vs_pretrained"
WARM_START_VS_SCRATCH = "warm_start_vs_scratch"
WARM_START_VS_SERVED = "warm_start_vs_served"

_REPORTED_CONFIDENCE = 0.95


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
        level: Level of the tests of this attempt, in (0, 1).
        groups: Number of groups of examples; None where each example counted as independent.
    """

    blessed: bool
    reasons: list[str]
    comparisons: dict[str, Comparison]
    pushed_arm: str | None
    level: float
    groups: int | None = None


def judge(
    labels: Labels,
    predictions: Mapping[str, Labels],
    class_names: Sequence[str],
    settings: GateSettings,
    seed: int = 0,
    served_problem: str = "",
    *,
    groups: npt.NDArray[Any] | None = None,
    attempt: int = FIRST_ATTEMPT,
    newest: Right | None = None,
) -> Verdict:
    """Judges the warm start by its answers on the target's eval split.

    The warm start is blessed only if all of these hold:

    * There are at least `min_eval_examples` examples and, if they come in groups,
      `min_eval_groups` groups.
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
    * If the data come in spans, some arm does better than guessing on the newest one: else nothing
      is known of its labels (`modules.evaluation.spans.newest`).
    * What `requirements` names is met: requirements from outside this project.

    With groups, the exact sign-flip test takes the place of McNemar's, and every interval is that
    of groups (`modules.evaluation.grouped_statistics`). The second and later attempts on the same
    examples must prove all comparisons and floors at the smaller level of `attempt_level`.

    Args:
        labels: True classes, int [N], in [0, K).
        predictions: Each arm's predicted classes, int [N], by the names in `modules.core.arms`,
            those of the served model only if there is one.
        class_names: K names in label order.
        settings: What the warm start must prove.
        seed: Seed of the bootstrap.
        served_problem: Why the served model has no predictions, although there is one.
        groups: Name of each example's group, any type that sorts [N]; None where each example
            stands for itself.
        attempt: How often these examples have been asked, this time included.
        newest: Which examples are of the newest span, bool [N]; None without older ones.

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
        >>> import numpy as np
        >>> labels = np.arange(100) % 2
        >>> predictions = {"warm_start": labels, "pretrained": 1 - labels, "scratch": 1 - labels}
        >>> judge(labels, predictions, ["even", "odd"], GateSettings()).blessed
        True
    """
    _check_inputs(labels, predictions, class_names, groups)
    right = {arm: predictions[arm] == labels for arm in ALL_ARMS if arm in predictions}
    numbers = None if groups is None else group_numbers(groups)
    counts = {
        arm: paired_counts(right[WARM_START], right[arm], numbers)
        for arm in right
        if arm != WARM_START
    }
    by_class = paired_counts_by_class(
        labels, right[WARM_START], right[PRETRAINED], len(class_names), numbers
    )
    proof = at_attempt(settings, attempt)
    evidence = {arm: _push_evidence(arm, right, numbers, served_problem) for arm in ARMS}
    by_group = counts[PRETRAINED].by_group
    enough = [enough_examples(len(labels), settings)]
    if by_group is not None:
        enough.append(enough_groups(by_group, settings))
    if newest is not None:
        enough.append(newest_labels_fit(right, labels, newest, numbers))
    requirements = [
        *enough,
        better_than_pretrained(counts[PRETRAINED], proof, seed),
        not_below_scratch(counts[SCRATCH], proof, seed),
        # Here the burden of proof is on the harm: a smaller level would overlook more of it.
        no_class_falls(by_class, class_names, settings),
        *([gains_enough(counts[PRETRAINED], proof, seed)] if settings.min_gain else []),
        *push_requirements(evidence[WARM_START], proof, seed),
        *outside_requirements(GateCase(labels, predictions, class_names, proof, seed, groups)),
    ]
    blessed = all(requirement.met for requirement in requirements)
    reasons = [item.reason for item in requirements if item.met == blessed]
    pushed_arm = WARM_START if blessed else None
    if settings.push == "best" and not blessed:
        pushed_arm, more = choose_fallback(evidence, enough, proof, seed)
        reasons += more
    if attempt != FIRST_ATTEMPT:
        reasons.append(_repeated(attempt, settings, proof))
    return Verdict(
        blessed=blessed,
        reasons=reasons,
        comparisons={
            f"{WARM_START}_vs_{arm}": compare(counts[arm], settings, seed) for arm in counts
        },
        pushed_arm=pushed_arm,
        level=1.0 - proof.confidence,
        groups=None if by_group is None else by_group.count,
    )


def _push_evidence(
    arm: str, right: Mapping[str, Right], groups: Groups | None, served_problem: str
) -> PushEvidence:
    own = right[arm]
    return PushEvidence(
        arm=arm,
        accuracy=float(own.mean()),
        accuracy_interval=lambda confidence: accuracy_interval(own, groups, confidence),
        against_served=paired_counts(own, right[SERVED], groups) if SERVED in right else None,
        served_problem=served_problem,
    )


def _repeated(attempt: int, settings: GateSettings, proof: GateSettings) -> str:
    return (
        f"This is attempt {attempt:,} on this eval split, and each is a chance to be lucky: the "
        f"comparisons are tested at level {1.0 - proof.confidence:.2g} instead of "
        f"{1.0 - settings.confidence:.2g}."
    )


def compare(counts: PairedCounts, settings: GateSettings, seed: int) -> Comparison:
    """Compares the warm start with another arm by how both answered the same examples."""
    return Comparison(
        difference=counts.difference,
        ci95=interval(counts, settings, _REPORTED_CONFIDENCE, seed),
        p_value=p_value(counts, settings, seed),
        fixed=counts.fixed,
        broken=counts.broken,
    )


def _check_inputs(
    labels: Labels,
    predictions: Mapping[str, Labels],
    class_names: Sequence[str],
    groups: npt.NDArray[Any] | None,
) -> None:
    missing = [arm for arm in ARMS if arm not in predictions]
    if missing:
        raise ValueError(f"No predictions of {', '.join(missing)}.")
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(f"Expected one or more labels in one dimension, found {labels.shape}.")
    for arm, predicted in predictions.items():
        if predicted.shape != labels.shape:
            raise ValueError(f"{arm}: {predicted.shape} predictions but {labels.shape} labels.")
    if groups is not None and len(groups) != len(labels):
        raise ValueError(f"{len(groups)} groups but {len(labels)} labels.")
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(
            f"Labels lie in [{labels.min()}, {labels.max()}] but there are {len(class_names)} "
            "classes."
        )
