"""Brings a user's errors back from Beam workers, which report them as text."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from modules.core import errors

# A runner may quote an error several times; the last one is the outermost and complete.
_QUOTED_ERROR = re.compile(
    rf"{re.escape(errors.__name__)}\.(?P<kind>\w+): (?P<message>.*?)"
    r"(?:\n\nDuring handling of|\n\nThe above exception|\s*\Z)",
    re.DOTALL,
)
_BEAM_STEP = " [while running '"


@contextlib.contextmanager
def reraise_user_errors() -> Iterator[None]:
    """Raises a `WarmstartError` as itself where a Beam runner would wrap it or add to its message.

    Raises:
        WarmstartError: The one that was raised inside the block or inside one of its workers.

    Example:
        >>> with reraise_user_errors():
        ...     raise RuntimeError("modules.core.errors.DataError: a: cut [while running 'Read']")
        Traceback (most recent call last):
        modules.core.errors.DataError: a: cut
    """
    try:
        yield
    except errors.WarmstartError as error:
        if _BEAM_STEP not in str(error):
            raise
        raise _rebuild(type(error), str(error)) from error
    except Exception as error:
        user_error = _find_user_error(str(error))
        if user_error is None:
            raise
        raise user_error from error


def _find_user_error(text: str) -> errors.WarmstartError | None:
    for match in reversed(list(_QUOTED_ERROR.finditer(text))):
        kind = getattr(errors, match["kind"], None)
        if isinstance(kind, type) and issubclass(kind, errors.WarmstartError):
            return _rebuild(kind, match["message"])
    return None


def _rebuild(kind: type[errors.WarmstartError], message: str) -> errors.WarmstartError:
    # Not by calling it: the constructors take the message's parts.
    return kind.__new__(kind, message.partition(_BEAM_STEP)[0])
