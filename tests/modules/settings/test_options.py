"""Options of a plug-in are read by its own class; nothing else takes any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from modules.core.errors import ConfigError
from modules.core.registry import Registry
from modules.settings import Settings
from modules.settings.options import takes_options, with_options


class Widths(Settings):
    units: int = 8
    sizes: tuple[int, ...] = (1,)


@takes_options(Widths)
def wide(number: int, options: Widths) -> tuple[int, tuple[int, ...]]:
    return number * options.units, options.sizes


def plain(number: int) -> int:
    return number


def loose(number: int, options: object) -> int:
    return number


loose.Options = dict  # type: ignore[attr-defined]


def call(name: str, **values: Any) -> Any:
    registry = Registry[Any](
        "network.name", "network", {"wide": wide, "plain": plain, "loose": loose}
    )
    return with_options(registry, name, values, "network.options")(2)


def test_options_are_defaults_unless_given() -> None:
    assert call("wide") == (16, (1,))
    assert call("wide", units=3) == (6, (1,))


def test_a_list_of_the_file_becomes_the_tuple_of_the_class() -> None:
    assert call("wide", sizes=[1, 2]) == (16, (1, 2))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"unist": 3}, "unist: unknown key; did you mean 'units'?"),
        ({"units": "many"}, "units: input should be a valid integer; found 'many'"),
        ({"units": 2.5}, "units: input should be a valid integer"),
        ({"sizes": 3}, "sizes: input should be"),
    ],
)
def test_unknown_keys_and_wrong_types_are_refused(values: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        call("wide", **values)
    assert "network.options: not valid for the network 'wide'." in str(refused.value)
    assert problem in str(refused.value)


def test_what_takes_no_options_refuses_any() -> None:
    assert call("plain") == 2
    with pytest.raises(ConfigError, match="the network 'plain' takes no options, found units"):
        call("plain", units=3)


def test_options_that_are_no_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"must be a subclass of modules\.settings\.Settings"):
        call("loose")
