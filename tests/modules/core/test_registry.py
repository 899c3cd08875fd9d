"""A registry of what a setting names."""

from __future__ import annotations

import math

import pytest

from modules.core.errors import ConfigError
from modules.core.plugins.kinds import FunctionOf
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


@pytest.fixture
def open_registry(monkeypatch: pytest.MonkeyPatch) -> Registry[object]:
    monkeypatch.setattr(
        "modules.core.registry.entry_points_of", lambda group: {"pi": "math:pi", "floor": "math:e"}
    )
    return Registry("drawing.number", "number", {"floor": 0}, "tests", FunctionOf(("x",)))


def test_a_reference_is_found_as_long_as_it_is_of_the_right_kind(
    open_registry: Registry[object],
) -> None:
    assert open_registry.find("math:sqrt") is math.sqrt
    with pytest.raises(ConfigError) as refused:
        open_registry.find("math:pi")
    assert str(refused.value).startswith(
        "drawing.number: 'math:pi' is no number: expected a function of x, found a value of type "
        "float."
    )


def test_the_setting_is_named_where_a_reference_leads_nowhere(
    open_registry: Registry[object],
) -> None:
    with pytest.raises(ConfigError, match=r"^drawing\.number: module 'math' has no 'sqt'"):
        open_registry.find("math:sqt")


def test_an_entry_point_has_a_name_but_own_entries_come_first(
    open_registry: Registry[object],
) -> None:
    assert open_registry.plugin("pi") == "math:pi"
    assert open_registry.plugin("floor") is None
    assert open_registry.find("floor") == 0
    assert open_registry.names() == ("floor",)
    with pytest.raises(ConfigError, match="did you mean 'pi'"):
        open_registry.find("pii")


def test_a_registry_without_a_group_takes_no_plug_ins(colours: Registry[int]) -> None:
    assert colours.plugin("math:pi") is None
    with pytest.raises(ConfigError, match="no colour is named 'math:pi'"):
        colours.find("math:pi")
