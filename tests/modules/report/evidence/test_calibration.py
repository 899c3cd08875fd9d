"""Calibration from confidences and hits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.report.evidence.calibration import reliability

ANSWERS = st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=60)


def test_confidence_that_is_always_met_has_no_error() -> None:
    bins = reliability(np.full(10, 0.8), np.arange(10) < 8)
    assert bins.expected_calibration_error == pytest.approx(0.0, abs=1e-12)
    assert bins.overconfidence == pytest.approx(0.0, abs=1e-12)


def test_a_sure_model_that_is_half_right_is_overconfident_by_half() -> None:
    bins = reliability(np.ones(4), np.array([True, False, True, False]))
    assert bins.expected_calibration_error == pytest.approx(0.5)
    assert bins.overconfidence == pytest.approx(0.5)


def test_opposite_errors_cancel_in_overconfidence_only() -> None:
    bins = reliability(np.array([0.25, 0.75]), np.array([True, False]))
    assert bins.overconfidence == pytest.approx(0.0)
    assert bins.expected_calibration_error == pytest.approx(0.75)


@given(ANSWERS)
def test_bins_hold_every_answer_and_errors_are_bounded(answers: list[tuple[float, bool]]) -> None:
    confidence = np.array([value for value, _ in answers])
    right = np.array([value for _, value in answers])
    bins = reliability(confidence, right)
    assert bins.counts.sum() == len(answers)
    assert np.average(bins.accuracy, weights=bins.counts) == pytest.approx(right.mean())
    assert np.average(bins.confidence, weights=bins.counts) == pytest.approx(confidence.mean())
    assert abs(bins.overconfidence) <= bins.expected_calibration_error + 1e-12 <= 1.0 + 1e-9
