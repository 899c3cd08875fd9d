"""Options of a plug-in: its own typed settings, as a section of free keys in the configuration."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from modules.core.errors import ConfigError
from modules.core.plugins.kinds import OPTIONS
from modules.core.registry import Registry
from modules.settings.base import Settings
from modules.settings.config_errors import explain_errors

Entry = TypeVar("Entry")
Function = TypeVar("Function", bound=Callable[..., Any])


def takes_options(kind: type[Settings]) -> Callable[[Function], Function]:
    """Gives a function options: it is then called with an instance of `kind` as `options`.

    A class says the same with an attribute `Options`.

    Example:
        >>> class Options(Settings):
        ...     units: int = 8
        >>> @takes_options(Options)
        ... def double(number, options):
        ...     return number * options.units
        >>> double.Options().units
        8
    """

    def mark(function: Function) -> Function:
        setattr(function, OPTIONS, kind)
        return function

    return mark


def with_options(
    registry: Registry[Entry], name: str, values: Mapping[str, Any], key: str
) -> Entry:
    """Finds an entry and binds its options, so that it is called like one without any.

    Args:
        registry: Where to look.
        name: Name of the entry.
        values: What the configuration gives; missing keys have the defaults of `Options`.
        key: The section of these values, such as `network.options`.

    Returns:
        The entry, or a callable that calls it with `options`.

    Raises:
        ConfigError: Nothing has that name, it takes no options, or a key or value is refused.
    """
    entry = registry.find(name)
    kind = getattr(entry, OPTIONS, None)
    if kind is None:
        if values:
            raise ConfigError(
                f"{key}: the {registry.kind} '{name}' takes no options, found "
                f"{', '.join(sorted(values))}. Leave them out."
            )
        return entry
    if not (isinstance(kind, type) and issubclass(kind, Settings)):
        raise ConfigError(
            f"{key}: Options of '{name}' must be a subclass of modules.settings.Settings, "
            f"found {kind!r}."
        )
    try:
        # As JSON, which has lists where the class may have tuples.
        options = kind.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        raise ConfigError(
            f"{key}: not valid for the {registry.kind} '{name}'.\n{explain_errors(error, kind)}"
        ) from None
    return cast(Entry, functools.partial(cast(Any, entry), options=options))
