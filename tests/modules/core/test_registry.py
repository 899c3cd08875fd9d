"""A registry of what a setting names."""

from __future__ import annotations

import pytest

from modules.core.errors import ConfigError
from modules.core.registry import Registry


@pytest.fixture
def colours() -> Registry[int]:
    return Registry("drawing.colour", "colour", {"red": 1, "green": 2})


def test_entries_are_found_by_name_and_names_are_sorted(colours: Registry[int]) -> None:
    colours.register("blue", 3)
    assert colours.names() == ("blue", "green", "red")
    assert [colours.find(name) for name in colours.names()] == [3, 2, 1]


def test_an_unknown_name_is_refused_with_the_setting_and_the_nearest_name(
    colours: Registry[int],
) -> None:
    with pytest.raises(ConfigError) as refused:
        colours.find("gren")
    assert str(refused.value) == (
        "drawing.colour: no colour is named 'gren'; did you mean 'green'?"
    )


def test_a_name_like_no_other_is_refused_with_all_names(colours: Registry[int]) -> None:
    with pytest.raises(ConfigError, match="known: green, red"):
        colours.find("zzz")


def test_a_name_is_registered_once(colours: Registry[int]) -> None:
    with pytest.raises(ValueError, match="A colour named 'red' is already registered"):
        colours.register("red", 4)
    assert colours.find("red") == 1
