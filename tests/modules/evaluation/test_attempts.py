"""The levels of repeated attempts on one eval split."""

from __future__ import annotations

import pytest

from modules.evaluation.attempts import at_attempt, attempt_level
from modules.settings import GateSettings


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_all_attempts_together_err_at_most_as_often_as_the_level_allows(confidence: float) -> None:
    settings = GateSettings(confidence=confidence)
    # A two-sided test errs towards a blessing in half of its level.
    spent = sum(attempt_level(settings, attempt) / 2 for attempt in range(1, 10_000))
    assert 0.9999 * (1 - confidence) < spent < 1 - confidence


def test_the_first_attempt_keeps_its_settings() -> None:
    settings = GateSettings(confidence=0.99)
    assert at_attempt(settings, 1) is settings


def test_each_attempt_asks_for_more_than_the_one_before() -> None:
    confidences = [at_attempt(GateSettings(), attempt).confidence for attempt in range(1, 60)]
    assert confidences == sorted(set(confidences))
