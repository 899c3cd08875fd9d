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

from modules.core.arms import ARMS, PRETRAINED, SCRATCH, WARM_START
from modules.evaluation.outside_requirements import GateCase, outside_requirements
from modules.evaluation.paired_statistics import Interval
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
        comparisons: `warm_start_vs_pretrained` and `warm_start_vs_scratch`.
    """

    blessed: bool
    reasons: list[str]
    comparisons: dict[str, Comparison]


def judge(
    labels: Labels,
    predictions: Mapping[str, Labels],
    class_names: Sequence[str],
    settings: GateSettings,
    seed: int = 0,
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
    * What `requirements` names is met: requirements from outside this project.

    Args:
        labels: True classes, int [N], in [0, K).
        predictions: Each arm's predicted classes, int [N], by the names in `modules.core.arms`.
        class_names: K names in label order.
        settings: What the warm start must prove.
        seed: Seed of the bootstrap.

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
    right = {arm: predictions[arm] == labels for arm in ARMS}
    pretrained = _paired_counts(right[WARM_START], right[PRETRAINED])
    scratch = _paired_counts(right[WARM_START], right[SCRATCH])
    by_class = paired_counts_by_class(
        labels, right[WARM_START], right[PRETRAINED], len(class_names)
    )
    requirements = [
        enough_examples(len(labels), settings),
        better_than_pretrained(pretrained, settings, seed),
        not_below_scratch(scratch, settings, seed),
        no_class_falls(by_class, class_names, settings),
        *outside_requirements(GateCase(labels, predictions, class_names, settings, seed)),
    ]
    blessed = all(requirement.met for requirement in requirements)
    return Verdict(
        blessed=blessed,
        reasons=[item.reason for item in requirements if item.met == blessed],
        comparisons={
            WARM_START_VS_PRETRAINED: _compare(pretrained, settings, seed),
            WARM_START_VS_SCRATCH: _compare(scratch, settings, seed),
        },
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
    for arm in ARMS:
        if predictions[arm].shape != labels.shape:
            raise ValueError(
                f"{arm}: {predictions[arm].shape} predictions but {labels.shape} labels."
            )
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(
            f"Labels lie in [{labels.min()}, {labels.max()}] but there are {len(class_names)} "
            "classes."
        )
