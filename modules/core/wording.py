"""Words and numbers as people read them, in messages and in the report."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from modules.core.arms import PRETRAINED, PROBE, SCRATCH, SERVED, WARM_START, ZERO_SHOT

ARM_NAMES = {
    PRETRAINED: "Pretrained",
    SCRATCH: "From scratch",
    WARM_START: "Warm start",
    SERVED: "Served model",
}
# Stands in titles for the name of a source that there is not.
NO_SOURCE = "imported model"
PRETRAINED_KINDS = {ZERO_SHOT: "zero-shot", PROBE: "linear probe"}

_MOST_LISTED = 10
_NO_BREAK = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CONTROLS_SURROGATES_AND_LINE_BREAKS = ("Cc", "Cs", "Zl", "Zp")
_NO_XML_CHARACTERS = "\ufffe\uffff"
_REVERSES_TEXT = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def is_unicode(text: str) -> bool:
    """Whether a text can be written: it holds no half of a surrogate pair.

    Example:
        >>> is_unicode("\\udcff")
        False
    """
    return not any("\ud800" <= character <= "\udfff" for character in text)


def listed(items: Sequence[str]) -> str:
    """Joins items for a sentence; of many items, only the first ten."""
    shown = ", ".join(items[:_MOST_LISTED])
    return shown if len(items) <= _MOST_LISTED else f"{shown} and {len(items) - _MOST_LISTED} more"


def display_name(name: str, limit: int | None = None) -> str:
    """Makes a user's name safe to show. Escaping it for a markup is up to the caller.

    Args:
        name: A class, domain or file name, which may hold anything.
        limit: Longest result, in characters. Longer names lose their middle, since names often
            differ only at the end.

    Returns:
        The name, with a replacement character for what cannot be shown or would reverse the text
        around it.

    Example:
        >>> display_name("class number 115", limit=10)
        'class n…15'
    """
    shown = "".join(
        _REPLACEMENT
        if unicodedata.category(character) in _CONTROLS_SURROGATES_AND_LINE_BREAKS
        or character in _NO_XML_CHARACTERS + _REVERSES_TEXT
        else character
        for character in name
    )
    if limit is not None and len(shown) > limit:
        tail = limit // 4
        return f"{shown[: limit - 1 - tail]}{_ELLIPSIS}{shown[len(shown) - tail :]}"
    return shown


def percent(share: float | None, digits: int = 1) -> str:
    """Writes a share, such as an accuracy, as a percentage; None, for no examples, as a dash."""
    return "\N{EN DASH}" if share is None else f"{100 * share:.{digits}f}{_NO_BREAK}%"


def points(difference: float, digits: int = 1) -> str:
    """Writes a difference of accuracies in percentage points, with its sign."""
    return f"{100 * difference:+.{digits}f}".replace("-", _MINUS)


def points_phrase(share: float) -> str:
    """Writes a margin, such as 0.02, in words.

    Example:
        >>> points_phrase(0.02), points_phrase(0.01)
        ('2 points', '1 point')
    """
    number = f"{100 * share:g}"
    return f"{number} point{'' if number == '1' else 's'}"


def p_value(value: float) -> str:
    """Writes a p-value with its relation sign, to three digits."""
    if value < 0.001:
        return f"p{_NO_BREAK}<{_NO_BREAK}0.001"
    return f"p{_NO_BREAK}={_NO_BREAK}{value:.3f}"


def count(number: int, noun: str = "", plural: str | None = None) -> str:
    """Writes a number, with its noun in the right form if one is given."""
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def shots_phrase(shots: int | str) -> str:
    """Says how many labels of the target a training used."""
    if shots == "all":
        return "all labels"
    if int(shots) == 0:
        return "no labels"
    return f"{count(int(shots), 'label')} per class"
