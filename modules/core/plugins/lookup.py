"""Finds and imports a plug-in: `package.module:object`, or the name of an entry point."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from typing import Any

from modules.core.errors import ConfigError, one_line
from modules.core.nearest_name import nearest_name

_FORM = "package.module:object"


def entry_points_of(group: str) -> dict[str, str]:
    """Lists what installed packages offer under a group of entry points: references by name."""
    found = importlib.metadata.entry_points(group=group)
    return {point.name: f"{point.module}:{point.attr}" for point in found}


def load_plugin(reference: str) -> Any:
    """Imports the object that a reference names.

    Args:
        reference: `package.module:object`; the object may be an attribute of another one.

    Raises:
        ConfigError: There is no such module or object, or importing it fails.

    Example:
        >>> load_plugin("math:floor")(2.5)
        2
    """
    module_name, _, path = reference.partition(":")
    parts = path.split(".")
    if not all(part.isidentifier() for part in (*module_name.split("."), *parts)):
        raise ConfigError(f"'{reference}' is not of the form {_FORM}.")
    if module_name == "__main__":
        raise ConfigError(
            f"'{reference}' lies in the script or notebook itself, which other processes cannot "
            "import. Move it to a module of its own."
        )
    module = _import(module_name, reference)
    try:
        return functools.reduce(getattr, parts, module)
    except AttributeError:
        near = nearest_name(parts[0], vars(module))
        hint = f"; did you mean '{module_name}:{near}'?" if near and near != parts[0] else "."
        raise ConfigError(f"module '{module_name}' has no '{path}'{hint}") from None


def _import(name: str, reference: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise ConfigError(
                f"'{reference}': there is no module '{error.name}'. Install its package beside "
                "warmstart, or add the folder that holds it to PYTHONPATH."
            ) from None
        raise _broken(name, error) from error
    # Whatever the module does when it is imported, it is the plug-in that failed.
    except (Exception, SystemExit) as error:
        raise _broken(name, error) from error


def _broken(name: str, error: BaseException) -> ConfigError:
    return ConfigError(
        f"importing '{name}' fails with {type(error).__name__}: {one_line(error)}. "
        f"`python -c 'import {name}'` shows where; correct it."
    )
