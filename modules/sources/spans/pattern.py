"""The pattern of a path with a folder for each span: `data/site_a/span-{SPAN}`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

_EPOCH = datetime.date(1970, 1, 1)
_NUMBER = re.compile(r"\{SPAN(?::(?P<width>[^}]*))?\}")
_WIDTH = re.compile("[1-9]|1[0-8]")  # digits that an int64 holds
_DATE = {"{YYYY}": ("year", 4), "{MM}": ("month", 2), "{DD}": ("day", 2)}
_VERSION = "{VERSION"
_PLACEHOLDER = re.compile("|".join([r"\{SPAN(?::([^}]*))?\}", *map(re.escape, _DATE)]))


@dataclass(frozen=True)
class SpanPattern:
    """A path with placeholders, in the notation of TFX's ExampleGen.

    A span is a number, `{SPAN}` or of a fixed width `{SPAN:4}`; or a date, `{YYYY}`, `{MM}` and
    `{DD}` in any order, whose span is the number of days since 1970-01-01.

    Reference: tfx/components/example_gen/utils.py, which takes seconds to import.

    Attributes:
        base: The folder above the first placeholder.
        rest: The path below it, with the placeholders.

    Example:
        >>> pattern = SpanPattern.parse("data/site_a/span-{SPAN}")
        >>> pattern.base, pattern.rest
        ('data/site_a', 'span-{SPAN}')
        >>> pattern.parts[0].fullmatch("span-12")["span"]
        '12'
    """

    base: str
    rest: str

    @classmethod
    def parse(cls, path: str) -> SpanPattern:
        """Divides a path; a ValueError if its placeholders make no sense."""
        _check(path)
        parts = path.split("/")
        first = next(place for place, part in enumerate(parts) if _PLACEHOLDER.search(part))
        base = "/".join(parts[:first]) or ("/" if first else ".")
        return cls(base, "/".join(parts[first:]).rstrip("/"))

    @property
    def path(self) -> str:
        """The whole path."""
        return f"{self.base.rstrip('/')}/{self.rest}"

    @property
    def parts(self) -> list[re.Pattern[str]]:
        """For each folder below the base, an expression that its name matches."""
        return [_expression(part) for part in self.rest.split("/")]


def has_spans(path: str) -> bool:
    """Whether a path has placeholders for spans, complete or not.

    Example:
        >>> has_spans("data/{YYYY}-{MM}-{DD}"), has_spans("data/optdigits")
        (True, False)
    """
    return _PLACEHOLDER.search(path) is not None or _VERSION in path


def span_number(found: Mapping[str, str]) -> int:
    """Returns the span that the groups of `SpanPattern.parts` name.

    Raises:
        ValueError: There is no such day.

    Example:
        >>> span_number({"year": "1970", "month": "01", "day": "31"})
        30
    """
    if "span" in found:
        return int(found["span"])
    year, month, day = (int(found[name]) for name, _ in _DATE.values())
    return (datetime.date(year, month, day) - _EPOCH).days


def _check(path: str) -> None:
    numbers = list(_NUMBER.finditer(path))
    dates = [path.count(placeholder) for placeholder in _DATE]
    if _VERSION in path:
        raise ValueError("has {VERSION}, which is not supported: a changed span is read again")
    if len(numbers) > 1:
        raise ValueError("has {SPAN} more than once")
    if numbers and any(dates):
        raise ValueError("has both {SPAN} and parts of a date: choose one of them")
    if not numbers and dates != [1, 1, 1]:
        raise ValueError("needs each of {YYYY}, {MM} and {DD} once, or {SPAN}")
    width = numbers[0]["width"] if numbers else None
    if width is not None and not _WIDTH.fullmatch(width):
        raise ValueError(f"has the width {width!r}: expected 1 to 18, as in {{SPAN:4}}")


def _expression(part: str) -> re.Pattern[str]:
    text, end = "", 0
    for found in _PLACEHOLDER.finditer(part):
        text += re.escape(part[end : found.start()])
        if found[0] in _DATE:
            name, width = _DATE[found[0]]
            text += rf"(?P<{name}>[0-9]{{{width}}})"
        else:
            text += rf"(?P<span>[0-9]{{{found[1] or '1,18'}}})"
        end = found.end()
    return re.compile(text + re.escape(part[end:]))
