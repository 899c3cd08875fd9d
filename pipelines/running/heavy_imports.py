"""Imports of TensorFlow, TFX and Beam without the garbage collections that they would set off."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def lasting_imports() -> Iterator[None]:
    """Leaves what exists at the end of the block out of all later garbage collections.

    These imports make some 700,000 objects that stay until the process ends. Looking through them
    for garbage, again and again, would take seconds of a run.

    Example:
        >>> with lasting_imports():
        ...     import decimal
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
