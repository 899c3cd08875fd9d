"""Keeps the error that stopped a component when cleaning up after it fails too."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import tensorflow as tf

from modules.core.errors import WarmstartError

_logger = logging.getLogger(__name__)


@contextlib.contextmanager
def first_error_kept() -> Iterator[None]:
    """Raises what went wrong first, where removing files after it failed as well.

    TFX removes a failed component's output. On an engine other workers may still be writing there,
    so that this fails too ("Directory not empty") and Python shows the second error only.
    """
    first: Exception | None = None
    try:
        yield
    except Exception as error:
        first = _first_error(error)
        if first is None:
            raise
        _logger.warning("cleaning up after this failure failed as well: %s", error)
    if first is not None:
        raise first


def _first_error(error: Exception) -> Exception | None:
    """Finds the error during whose handling a clean-up failed, if that is what happened."""
    found: BaseException = error
    while _is_of_files(found) and found.__context__ and not found.__suppress_context__:
        found = found.__context__
    return found if found is not error and isinstance(found, Exception) else None


def _is_of_files(error: BaseException) -> bool:
    return isinstance(error, (OSError, tf.errors.OpError)) and not isinstance(error, WarmstartError)
