"""The transfer gate: what is blessed, what is not and what is said.

How often it errs is in tests/benchmarks/test_gate_simulation.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from modules.evaluation.gate import Verdict, judge
from modules.evaluation.paired_counts import PairedCounts
from modules.evaluation.requirements import better_than_pretrained
from modules.settings import GateSettings

Ints = npt.NDArray[np.int64]

NUM_CLASSES = 10
NAMES = [f"digit {label}" for label in range(NUM_CLASSES)]


def labels_of(total: int) -> Ints:
    return np.arange(total) % NUM_CLASSES


def answers(labels: Ints, wrong: int | Ints) -> Ints:
    """Right answers but at the given places, or at the first places if a number is given."""
    places = np.arange(wrong) if isinstance(wrong, int) else wrong
    predicted = labels.copy()
    predicted[places] = (predicted[places] + 1) % NUM_CLASSES
    return predicted


def verdict_of(
    total: int = 900,
    *,
    pretrained: int | Ints = 80,
    scratch: int | Ints = 80,
    warm_start: int | Ints = 10,
    **settings: object,
) -> Verdict:
    labels = labels_of(total)
    predictions = {
        "pretrained": answers(labels, pretrained),
        "scratch": answers(labels, scratch),
        "warm_start": answers(labels, warm_start),
    }
    return judge(labels, predictions, NAMES, GateSettings.model_validate(settings), seed=0)


@pytest.mark.parametrize("test", ["mcnemar", "bootstrap"])
def test_clear_gain_is_blessed_with_everything_that_was_proven(test: str) -> None:
    verdict = verdict_of(test=test)
    assert verdict.blessed
    assert len(verdict.reasons) == 4
    text = " ".join(verdict.reasons)
    assert "900 target eval examples" in text
    assert "98.9 % against 91.1 %" in text
    assert "70 answers fixed and 0 broken" in text


def test_reasons_are_readable_for_many_examples() -> None:
    counts = PairedCounts(both=7000, fixed=2500, broken=0, neither=500)
    reason = better_than_pretrained(counts, GateSettings(), seed=0).reason
    assert "of 10,000 examples" in reason
    assert "2,500 answers fixed" in reason
    assert "p < 1e-300" in reason


@pytest.mark.parametrize("test", ["mcnemar", "bootstrap"])
def test_gain_that_may_be_chance_is_not_blessed(test: str) -> None:
    verdict = verdict_of(pretrained=np.arange(0, 14), warm_start=np.arange(10, 20), test=test)
    assert not verdict.blessed
    assert any("not proven to be better than the pretrained" in r for r in verdict.reasons)


@pytest.mark.parametrize("test", ["mcnemar", "bootstrap"])
def test_significant_loss_is_not_blessed_and_named(test: str) -> None:
    verdict = verdict_of(pretrained=10, warm_start=80, test=test)
    assert not verdict.blessed
    assert any("worse than the pretrained model (negative transfer)" in r for r in verdict.reasons)
    assert verdict.comparisons["warm_start_vs_pretrained"].p_value < 0.01


def test_identical_models_are_not_blessed() -> None:
    verdict = verdict_of(pretrained=10, scratch=10, warm_start=10)
    assert not verdict.blessed
    comparison = verdict.comparisons["warm_start_vs_pretrained"]
    assert (comparison.difference, comparison.p_value) == (0.0, 1.0)


def test_higher_confidence_asks_for_more() -> None:
    gain: dict[str, Any] = {
        "pretrained": np.arange(22),
        "warm_start": np.arange(16, 24),
    }  # 16 fixed, 2 broken
    assert verdict_of(**gain, confidence=0.95).blessed
    assert not verdict_of(**gain, confidence=0.999).blessed


def test_too_few_examples_are_not_enough_evidence_however_large_the_gain() -> None:
    verdict = verdict_of(90, pretrained=80, scratch=80, warm_start=0)
    assert not verdict.blessed
    (reason,) = verdict.reasons
    assert "not enough evidence: 90 target eval examples" in reason
    assert verdict_of(90, pretrained=80, scratch=80, warm_start=0, min_eval_examples=90).blessed


def test_warm_start_below_the_scratch_control_is_negative_transfer() -> None:
    verdict = verdict_of(pretrained=300, scratch=10, warm_start=80)
    assert not verdict.blessed
    (reason,) = verdict.reasons
    assert "below the scratch control (negative transfer)" in reason


def test_scratch_margin_must_be_proven_to_hold() -> None:
    alike: dict[str, Any] = {
        "pretrained": 80,
        "scratch": np.arange(12),
        "warm_start": np.arange(1, 13),
    }
    undecided = verdict_of(**alike, scratch_margin=0.0)
    assert not undecided.blessed
    assert "may be below the scratch control" in undecided.reasons[0]
    assert verdict_of(**alike, scratch_margin=0.02).blessed
    assert not verdict_of(pretrained=200, scratch=10, warm_start=80, scratch_margin=0.02).blessed


def wrong_in_class(label: int, wrong: int, total: int = 900) -> Ints:
    return np.flatnonzero(labels_of(total) == label)[:wrong]


def test_class_that_falls_beyond_chance_is_named_and_stops_the_blessing() -> None:
    gains = np.concatenate([wrong_in_class(label, 20) for label in range(1, 10)])
    verdict = verdict_of(
        pretrained=gains, scratch=gains, warm_start=wrong_in_class(0, 12), max_class_drop=0.05
    )
    assert not verdict.blessed
    (reason,) = verdict.reasons
    assert "'digit 0' by 13.3 points (12 answers broken and 0 fixed of 90" in reason


def test_class_may_fall_as_far_as_allowed() -> None:
    gains = np.concatenate([wrong_in_class(label, 20) for label in range(1, 10)])
    falls: dict[str, Any] = {
        "pretrained": gains,
        "scratch": gains,
        "warm_start": wrong_in_class(0, 12),
    }
    assert not verdict_of(**falls, max_class_drop=0.13).blessed
    assert verdict_of(**falls, max_class_drop=0.14).blessed


def test_fall_that_may_be_chance_does_not_cry_wolf() -> None:
    gains = np.concatenate([wrong_in_class(label, 20) for label in range(1, 10)])
    falls = wrong_in_class(0, 6)  # 6.7 points: more than allowed, but one of ten classes
    assert verdict_of(pretrained=gains, scratch=gains, warm_start=falls).blessed


def test_gate_says_where_a_fall_could_not_have_been_seen() -> None:
    labels = np.repeat([0, 1], [200, 4])
    wrong = np.where(np.arange(204) < 100, 1 - labels, labels)
    verdict = judge(
        labels,
        {"pretrained": wrong, "scratch": wrong, "warm_start": labels},
        ["common", "rare"],
        GateSettings(),
    )
    assert verdict.blessed
    assert "For 1 of them there are too few examples" in verdict.reasons[-1]


def test_every_missed_requirement_is_given_as_a_reason() -> None:
    labels = labels_of(90)
    verdict = verdict_of(90, pretrained=0, scratch=0, warm_start=np.flatnonzero(labels == 3))
    assert not verdict.blessed
    assert len(verdict.reasons) == 4


def test_comparison_reports_95_percent_whatever_the_gate_asks() -> None:
    strict, usual = verdict_of(confidence=0.999), verdict_of(confidence=0.95)
    assert strict.comparisons == usual.comparisons
    comparison = usual.comparisons["warm_start_vs_pretrained"]
    assert comparison.difference == pytest.approx(70 / 900)
    assert (comparison.fixed, comparison.broken) == (70, 0)
    assert comparison.ci95[0] < comparison.difference < comparison.ci95[1]


def test_order_of_the_examples_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    labels = labels_of(300)
    arms = {
        "pretrained": answers(labels, 40),
        "scratch": answers(labels, 60),
        "warm_start": answers(labels, 5),
    }
    order = rng.permutation(300)
    shuffled = {arm: predicted[order] for arm, predicted in arms.items()}
    assert judge(labels, arms, NAMES, GateSettings()) == judge(
        labels[order], shuffled, NAMES, GateSettings()
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda labels, arms: (labels, {"pretrained": labels}), "No predictions of scratch"),
        (lambda labels, arms: (labels[:-1], arms), "predictions but"),
        (lambda labels, arms: (labels[:0], arms), "one or more labels"),
        (lambda labels, arms: (labels + 1, arms), "but there are 10 classes"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    change: Callable[[Ints, dict[str, Ints]], tuple[Ints, dict[str, Ints]]], message: str
) -> None:
    labels = labels_of(100)
    arms = {"pretrained": labels, "scratch": labels, "warm_start": labels}
    labels, arms = change(labels, arms)
    with pytest.raises(ValueError, match=message):
        judge(labels, arms, NAMES, GateSettings())


def test_a_later_attempt_must_prove_more_and_says_so() -> None:
    gain: dict[str, Any] = {"pretrained": np.arange(22), "warm_start": np.arange(16, 24)}
    labels = labels_of(900)
    predictions = {
        "pretrained": answers(labels, gain["pretrained"]),
        "scratch": answers(labels, gain["pretrained"]),
        "warm_start": answers(labels, gain["warm_start"]),
    }  # 16 fixed, 2 broken: p = 0.0013
    first, third, tenth = (
        judge(labels, predictions, NAMES, GateSettings(), attempt=attempt) for attempt in (1, 3, 10)
    )
    assert first.blessed
    assert first == judge(labels, predictions, NAMES, GateSettings())
    assert third.blessed
    assert "attempt 3 on this eval split" in third.reasons[-1]
    assert "level 0.0083 instead of 0.05" in third.reasons[-1]
    assert not tenth.blessed
    assert "must be below 0.00056" in tenth.reasons[0]
    assert first.comparisons == tenth.comparisons
