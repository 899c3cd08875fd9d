"""A newest span whose labels have nothing to do with its images is no ground to push anything."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from modules.evaluation.gate import Verdict, judge
from modules.evaluation.spans.newest import newest_labels_fit
from modules.evaluation.spans.scores import newest_of
from modules.settings import GateSettings

CLASSES = 10
KNOWN = {"pretrained": 0.9, "scratch": 0.8, "warm_start": 0.97}


def answers(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    is_right = rng.random(len(labels)) < share
    return np.where(is_right, labels, (labels + 1) % CLASSES)


class Case(NamedTuple):
    """Answers of three arms to older examples, which they know well, and to those of a new span."""

    predicted: dict[str, np.ndarray]
    labels: np.ndarray
    newest: np.ndarray

    @classmethod
    def of(cls, newest: int, share: float, older: int = 700) -> Case:
        labels = np.arange(older + newest) % CLASSES
        is_new = np.arange(len(labels)) >= older
        predicted = {}
        for seed, (arm, known) in enumerate(KNOWN.items()):
            new, old = answers(labels, share, seed), answers(labels, known, seed)
            predicted[arm] = np.where(is_new, new, old)
        return cls(predicted, labels, is_new)

    def is_met(self) -> bool:
        right = {arm: own == self.labels for arm, own in self.predicted.items()}
        return newest_labels_fit(right, self.labels, self.newest).met

    def verdict(self, newest: np.ndarray | None) -> Verdict:
        names = [f"class {number}" for number in range(CLASSES)]
        settings = GateSettings(push="best", min_accuracy=0.5)
        return judge(self.labels, self.predicted, names, settings, newest=newest)


def test_labels_that_every_model_only_guesses_are_refused() -> None:
    assert not Case.of(180, 0.1).is_met()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_harder_span_is_none_of_broken_labels(share: float) -> None:
    assert Case.of(180, share).is_met()


def test_too_few_images_to_tell_get_the_benefit_of_the_doubt() -> None:
    assert Case.of(5, 0.0).is_met()


def test_nothing_is_pushed_then_whatever_is_better_elsewhere() -> None:
    case = Case.of(180, 0.1)
    verdict = case.verdict(case.newest)
    assert not verdict.blessed
    assert verdict.pushed_arm is None
    assert any("look at the newest span's labels" in reason for reason in verdict.reasons)
    assert case.verdict(None).pushed_arm == "warm_start"


def test_a_first_span_has_nothing_to_compare_with() -> None:
    assert newest_of(np.array([3, 3])) is None
    newest = newest_of(np.array([1, 3]))
    assert newest is not None
    assert newest.tolist() == [False, True]
