"""Cron expressions as the scheduler of Kubeflow Pipelines reads them: robfig/cron, version 1.

It begins with the seconds. It also takes the five fields of a crontab, for seconds to month, and
then starts a run each minute or hour; and an expression that never comes true starts one all the
time. So expressions are completed and checked before they are sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from modules.core.errors import ConfigError

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class _Field:
    """One of the expression's fields, with its lowest and highest value and their names, if any."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_SECOND = _Field("second", 0, 59)
_DAY = _Field("day of month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_WEEKDAY = _Field("day of week", 0, 6, _WEEKDAYS)
_FIELDS = (_SECOND, _Field("minute", 0, 59), _Field("hour", 0, 23), _DAY, _MONTH, _WEEKDAY)


def with_seconds(expression: str) -> str:
    """Returns a cron expression with its six fields.

    Args:
        expression: Minute, hour, day of month, month and day of week, as in a crontab; or those
            after a field of seconds.

    Returns:
        The six fields, with one space between them.

    Raises:
        ConfigError: The scheduler does not read it, or it never comes true.

    Example:
        >>> with_seconds("0 3 * * mon-fri")
        '0 0 3 * * mon-fri'
    """
    texts = expression.split()
    if len(texts) == len(_FIELDS) - 1:
        texts.insert(0, "0")
    if len(texts) != len(_FIELDS):
        raise ConfigError(
            f"--cron '{expression}': expected the five fields of a crontab (minute, hour, day of "
            f"month, month, day of week) or six that begin with the seconds, found {len(texts)}. "
            "Every night at three is '0 3 * * *'."
        )
    try:
        values = {each: _values(each, text) for each, text in zip(_FIELDS, texts, strict=True)}
    except ValueError as error:
        raise ConfigError(f"--cron '{expression}': {error}") from None
    longest = max(_DAYS_IN_MONTH[month - 1] for month in values[_MONTH])
    # Where both days are given, one of them is enough.
    if min(values[_DAY]) > longest and len(values[_WEEKDAY]) == len(_WEEKDAYS):
        raise ConfigError(
            f"--cron '{expression}': no such day of month comes in these months. Give another one."
        )
    return " ".join(texts)


def _values(of: _Field, text: str) -> set[int]:
    """Returns all values that a field allows: those of a list of ranges.

    Raises:
        ValueError: The field is not valid; the message says why.
    """
    return {value for part in text.split(",") for value in _range(of, text, part)}


def _range(of: _Field, text: str, part: str) -> range:
    """Reads `*`, `3`, `1-5`, `*/15`, `3/15` (from 3 to the end) or `1-30/2`."""
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    if first in ("*", "?") and not dash:
        low, high = of.low, of.high
    else:
        low = _number(of, text, first)
        high = _number(of, text, last) if dash else of.high if slash else low
    every = _number(of, text, step, named=False) if slash else 1
    if low < of.low or high > of.high or low > high or not every:
        raise _refusal(of, text)
    return range(low, high + 1, every)


def _number(of: _Field, text: str, value: str, named: bool = True) -> int:
    if named and value.lower() in of.names:
        return of.low + of.names.index(value.lower())
    if not (value.isascii() and value.isdigit()):
        raise _refusal(of, text)
    return int(value)


def _refusal(of: _Field, text: str) -> ValueError:
    names = f", a name such as {of.names[0]}" if of.names else ""
    sunday = " (0 is Sunday)" if of is _WEEKDAY else ""
    return ValueError(
        f"{of.name}: expected {of.low} to {of.high}{sunday}{names}, *, a range, a list or a step "
        f"such as */2, found '{text}'."
    )
