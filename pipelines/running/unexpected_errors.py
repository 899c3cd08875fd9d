"""Failures that nobody foresaw, in words for the user: the log has the traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modules.core.errors import WarmstartError


@contextmanager
def unforeseen_errors_explained(log_file: Path, *, kept: str, verbose: bool) -> Iterator[None]:
    """Turns what is no error of ours into a message that names the log.

    Args:
        log_file: Where the traceback is.
        kept: What is not lost, as a sentence.
        verbose: Let the traceback through instead.

    Raises:
        KeyboardInterrupt: The user stopped it, whoever reports that.
        WarmstartError: Anything else.
    """
    try:
        yield
    except WarmstartError:
        raise
    except Exception as error:
        # A Beam worker that is interrupted reports it as any other failure.
        if KeyboardInterrupt.__name__ in str(error):
            raise KeyboardInterrupt from error
        if verbose:
            raise
        raise WarmstartError(
            f"{type(error).__name__}: {_first_line(error)}\n"
            f"This was not foreseen. The log holds the details: {log_file}; "
            f"-v shows them on the terminal. {kept}"
        ) from error


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), "no message")
