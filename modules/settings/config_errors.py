"""Explains what is wrong with a configuration: a line for each key, with the nearest valid one."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Sequence
from typing import get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from modules.core.nearest_name import nearest_name
from modules.settings.base import Settings

_LONGEST_SHOWN = 80  # characters
# Where pydantic speaks of Python's types.
_EXPECTED = {
    "model_type": "input should be a section of keys",
    "tuple_type": "input should be a list",
}


def explain_errors(error: ValidationError, schema: type[Settings]) -> str:
    """Puts what pydantic found into words: an indented line for each key that is wrong."""
    valid = valid_keys(schema)
    # Pydantic names a section among the kinds of value that a key may hold.
    names = {section.__name__ for _, section in sections(schema)}
    lines: dict[str, str] = {}
    # A value that may be of several kinds has one error for each kind.
    kinds: dict[str, list[str]] = {}
    for problem in error.errors():
        parts = [str(part) for part in problem["loc"] if part not in names]
        location = _without_kind(parts, valid)
        key = ".".join(location)
        if problem["type"] == "extra_forbidden":
            text = f"unknown key{_nearest_key(location, valid)}"
        elif problem["type"] == "missing":
            text = "missing; this key is required"
        elif problem["type"] == "value_error":
            # Raised by our own validators.
            text = str(problem["ctx"]["error"])
        else:
            expected = kinds.setdefault(key, [])
            expected.append(_EXPECTED.get(problem["type"], problem["msg"].lower()))
            text = f"{', or '.join(expected)}; found {_shown(problem['input'])}"
        # What concerns the whole configuration has no location.
        lines[key] = f"  {key}: {text}" if key else f"  {text}"
    return "\n".join(lines.values())


def sections(schema: type[Settings], path: str = "") -> Iterator[tuple[str, type[Settings]]]:
    """Walks through a schema, beginning with the given class.

    Yields:
        What the dotted names of a section's keys begin with (`transfer.`), and its class.
    """
    yield path, schema
    for name, field in schema.model_fields.items():
        if nested := nested_section(field):
            yield from sections(nested, f"{path}{name}.")


def nested_section(field: FieldInfo) -> type[Settings] | None:
    """Returns the class of the section, or sections, that a key holds, if any."""
    kinds = get_args(field.annotation) or (field.annotation,)
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, Settings)), None)


def valid_keys(schema: type[Settings]) -> list[str]:
    """Lists every key of a schema in dotted form, sections included."""
    return [
        path + (field.alias or name)
        for path, section in sections(schema)
        for name, field in section.model_fields.items()
    ]


def _without_kind(location: list[str], valid: Sequence[str]) -> list[str]:
    """Leaves out the name that pydantic gives to one of the kinds that a value may be of."""
    names_a_kind = (
        ".".join(location[:-1]) in valid
        and ".".join(location) not in valid
        and not location[-1].isidentifier()
        and not location[-1].isdigit()
    )
    return location[:-1] if names_a_kind else location


class _ShortRepr(reprlib.Repr):
    """Shows the beginning of a value: aliases can make a short file's value astronomic."""

    def repr_int(self, x: int, level: int) -> str:
        """Shows an integer; Python refuses to write huge ones as decimals."""
        return repr(x) if x.bit_length() <= _LONGEST_SHOWN else f"{hex(x)[:_LONGEST_SHOWN]}..."


def _shown(value: object) -> str:
    short = _ShortRepr()
    short.maxlevel = 2
    short.maxstring = short.maxother = _LONGEST_SHOWN
    return short.repr(value)[:_LONGEST_SHOWN]


def _nearest_key(location: Sequence[str], valid: Sequence[str]) -> str:
    """Suggests a key of the same name elsewhere, else one spelled alike: siblings first."""
    *parents, leaf = location
    section = ".".join(parents)
    siblings = {key.rpartition(".")[2]: key for key in valid if key.rpartition(".")[0] == section}
    namesake = next((key for key in valid if key.rpartition(".")[2] == leaf), None)
    alike = siblings.get(nearest_name(leaf, siblings) or "")
    if near := namesake or alike or nearest_name(".".join(location), valid):
        return f"; did you mean '{near}'?"
    return f"; valid here: {', '.join(siblings)}"
