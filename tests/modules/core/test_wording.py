"""Words and numbers: short, exact enough, and safe to show."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from modules.core.wording import count, display_name, p_value, percent, points, shots_phrase

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_any_name_can_be_written_as_utf_8_and_read_as_markup(name: str) -> None:
    shown = display_name(name)
    assert len(shown) == len(name)
    element = ElementTree.fromstring(f"<b>{escape(shown)}</b>".encode())
    assert (element.text or "") == shown
    assert shown.splitlines() in ([shown], [])
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(ANY_TEXT, st.integers(1, 50))
def test_a_limit_is_kept_and_cuts_only_what_is_longer(name: str, limit: int) -> None:
    shown = display_name(name, limit)
    assert len(shown) <= limit
    if len(name) <= limit:
        assert shown == display_name(name)
    else:
        assert "…" in shown
        assert shown[0] in (display_name(name)[0], "…")


def test_names_that_differ_in_their_ends_stay_apart_when_cut() -> None:
    assert display_name("class number 115", 10) != display_name("class number 116", 10)


def test_ordinary_names_of_any_script_stay_as_they_are() -> None:
    name = "naïve 猫 🦄 👩\u200d🚀 <b> אב"
    assert display_name(name) == name


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "p < 0.001"), (0.00099, "p < 0.001"), (0.001, "p = 0.001"), (0.6789, "p = 0.679")],
)
def test_p_values_are_not_more_exact_than_they_matter(value: float, words: str) -> None:
    assert p_value(value).replace("\N{NO-BREAK SPACE}", " ") == words


def test_numbers_carry_their_units_and_signs() -> None:
    assert percent(0.9912).replace("\N{NO-BREAK SPACE}", " ") == "99.1 %"
    assert percent(None) == "\N{EN DASH}"
    assert points(0.0556) == "+5.6"
    assert points(-0.004, 2) == "\N{MINUS SIGN}0.40"
    assert count(10000) == "10,000"
    assert count(1, "class", "classes") == "1 class"
    assert count(2, "class", "classes") == "2 classes"
    assert count(0, "label") == "0 labels"


@pytest.mark.parametrize(
    ("shots", "words"),
    [("all", "all labels"), (0, "no labels"), (1, "1 label per class"), (5, "5 labels per class")],
)
def test_shots_in_words(shots: int | str, words: str) -> None:
    assert shots_phrase(shots) == words
