"""Cron expressions: what a crontab allows, and nothing that the scheduler reads in another way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import ConfigError
from pipelines.kubeflow.cron import with_seconds

LIMITS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


@pytest.mark.parametrize(
    ("expression", "sent"),
    [
        ("0 3 * * *", "0 0 3 * * *"),
        ("30 0 3 * * ?", "30 0 3 * * ?"),
        ("  */15 1-5\t1,15 jan-MAR sun ", "0 */15 1-5 1,15 jan-MAR sun"),
        ("5/20 0 1-30/2 * 1-5", "0 5/20 0 1-30/2 * 1-5"),
        ("0 0 29 feb *", "0 0 0 29 feb *"),
        # A Monday in February comes, whatever the day of the month.
        ("0 0 30 2 mon", "0 0 0 30 2 mon"),
    ],
)
def test_five_fields_start_at_second_zero_and_six_say_when(expression: str, sent: str) -> None:
    assert with_seconds(expression) == sent


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "found 0"),
        ("0 3 * *", "found 4"),
        ("@daily", "found 1"),
        ("0 24 * * *", r"hour: expected 0 to 23.*found '24'"),
        ("0 3 * * 7", r"day of week: expected 0 to 6 \(0 is Sunday\), a name such as sun"),
        ("0 3 * marsh *", r"month: expected 1 to 12, a name such as jan"),
        ("0 3 0 * *", "day of month: expected 1 to 31"),
        ("0 5-3 * * *", "hour: .*found '5-3'"),
        ("*/0 * * * *", r"minute: .*found '\*/0'"),
        ("1,,2 * * * *", "minute: .*found '1,,2'"),
        ("-1 * * * *", "minute: .*found '-1'"),
        ("*-5 * * * *", "minute"),
        ("1/mon * * * *", "minute"),
        ("\N{ARABIC-INDIC DIGIT ONE} * * * *", "minute"),
        ("0 0 31 2,4 *", "no such day of month"),
    ],
)
def test_a_mistake_is_named_with_its_field(expression: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        with_seconds(expression)


@given(st.tuples(*(st.tuples(st.integers(*limits), st.integers(*limits)) for limits in LIMITS)))
def test_every_range_within_the_limits_is_sent_as_it_is(
    ranges: tuple[tuple[int, int], ...],
) -> None:
    fields = [f"{min(pair)}-{max(pair)}" for pair in ranges]
    fields[3] = "1-28"
    assert with_seconds(" ".join(fields)) == " ".join(fields)


@given(st.integers(0, 5), st.integers(1, 1000), st.booleans())
def test_no_value_beyond_the_limits_is_sent(place: int, beyond: int, in_range: bool) -> None:
    low, high = LIMITS[place]
    fields = ["*"] * len(LIMITS)
    fields[place] = f"{low}-{high + beyond}" if in_range else str(high + beyond)
    with pytest.raises(ConfigError, match=f"expected {low} to {high}"):
        with_seconds(" ".join(fields))


@given(st.text())
def test_any_other_text_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--cron '"):
        with_seconds(text)
