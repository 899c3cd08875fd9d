"""Patterns of spans mean what they mean in TFX."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfx.components.example_gen import utils
from tfx.proto import example_gen_pb2

from modules.sources.spans.pattern import SpanPattern, has_spans, span_number

NUMBERED = ("span-{SPAN}", "{SPAN}", "week{SPAN:4}", "a/{SPAN:18}/b", "span.{SPAN}+")
DATED = ("{YYYY}-{MM}-{DD}", "{YYYY}{MM}{DD}", "{DD}/{MM}/{YYYY}", "y{YYYY}/week/{MM}.{DD}")


def number_in(pattern: str, path: str) -> int | None:
    """The span that the path of a folder names, if it matches."""
    found: dict[str, str] = {}
    parts = SpanPattern.parse(f"data/{pattern}").parts
    for part, name in zip(parts, path.split("/")[-len(parts) :], strict=True):
        match = part.fullmatch(name)
        if match is None:
            return None
        found |= match.groupdict()
    return span_number(found)


def filled_in_by_tfx(pattern: str, span: int) -> str:
    kinds = utils.verify_split_pattern_specs(example_gen_pb2.Input.Split(pattern=pattern))
    path: str = utils.get_pattern_for_span_version(pattern, *kinds, span, None)
    return path


@given(st.sampled_from(NUMBERED), st.integers(0, 9999))
def test_a_number_is_read_as_tfx_writes_it(pattern: str, span: int) -> None:
    assert number_in(pattern, filled_in_by_tfx(pattern, span)) == span


@given(st.sampled_from(DATED), st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 1, 1)))
def test_a_date_is_the_number_of_days_that_it_is_in_tfx(pattern: str, day: datetime.date) -> None:
    span = utils.date_to_span_number(day.year, day.month, day.day)
    assert number_in(pattern, filled_in_by_tfx(pattern, span)) == span


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("span-{SPAN}", "span-"),
        ("span-{SPAN}", "span-3.partial"),
        ("span-{SPAN}", "span-x"),
        ("span-{SPAN}", "my span-3"),
        ("span.{SPAN}", "span-3"),
        ("{SPAN:4}", "123"),
        ("{SPAN:4}", "12345"),
        ("{YYYY}-{MM}-{DD}", "2026-1-2"),
        ("{SPAN}", "٣"),
    ],
)
def test_a_name_that_does_not_fit_is_no_span(pattern: str, name: str) -> None:
    assert number_in(pattern, name) is None


@pytest.mark.parametrize(
    ("path", "base", "rest"),
    [
        ("data/site_a/span-{SPAN}", "data/site_a", "span-{SPAN}"),
        ("/data/{YYYY}/{MM}/{DD}/images/", "/data", "{YYYY}/{MM}/{DD}/images"),
        ("span-{SPAN}", ".", "span-{SPAN}"),
        ("/{SPAN}", "/", "{SPAN}"),
        ("gs://bucket/{SPAN:3}", "gs://bucket", "{SPAN:3}"),
    ],
)
def test_a_path_is_divided_above_the_first_placeholder(path: str, base: str, rest: str) -> None:
    assert has_spans(path)
    assert SpanPattern.parse(path) == SpanPattern(base, rest)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("d/{SPAN}/{SPAN}", "more than once"),
        ("d/{SPAN}/{YYYY}", "both"),
        ("d/{YYYY}-{MM}", r"needs each of \{YYYY\}"),
        ("d/{YYYY}-{MM}-{DD}-{DD}", r"needs each of \{YYYY\}"),
        ("d/{SPAN}-{VERSION}", "not supported"),
        ("d/{SPAN:0}", "width '0'"),
        ("d/{SPAN:}", "width ''"),
        ("d/{SPAN:x}", "width 'x'"),
        ("d/{SPAN:19}", "width '19'"),
    ],
)
def test_placeholders_that_make_no_sense_are_refused(path: str, said: str) -> None:
    assert has_spans(path)
    with pytest.raises(ValueError, match=said):
        SpanPattern.parse(path)


@pytest.mark.parametrize("path", ["data/optdigits", "data/{}", "data/span-3", "data/{span}"])
def test_other_paths_have_no_spans(path: str) -> None:
    assert not has_spans(path)


def test_there_is_no_30th_of_february() -> None:
    with pytest.raises(ValueError, match="day"):
        span_number({"year": "2026", "month": "02", "day": "30"})
