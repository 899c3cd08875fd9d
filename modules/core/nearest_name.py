"""What to tell a user who gave an unknown name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest_name_hint(name: str, known: Iterable[str]) -> str:
    """Ends a sentence about an unknown name with the nearest known one, or with all of them.

    Args:
        name: What was given.
        known: What would have been right.

    Returns:
        The end of a sentence, from the semicolon on.

    Example:
        >>> "no network 'lent'" + nearest_name_hint("lent", ["lenet", "linear"])
        "no network 'lent'; did you mean 'lenet'?"
    """
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(names) or 'none'}."
