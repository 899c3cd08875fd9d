"""Suggests a known name for an unknown one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Finds the known name that is spelled most like the given one, if any is close."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def nearest_name_hint(name: str, known: Iterable[str]) -> str:
    """Ends a sentence about an unknown name with the nearest known one, or with all of them.

    Example:
        >>> "no network 'lent'" + nearest_name_hint("lent", ["lenet", "linear"])
        "no network 'lent'; did you mean 'lenet'?"
    """
    names = list(known)
    near = nearest_name(name, names)
    return f"; did you mean '{near}'?" if near else f"; known: {', '.join(names) or 'none'}."
