"""Sends the logs of TensorFlow, Beam and TFX to a file instead of the user's terminal."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO


@contextlib.contextmanager
def logs_to_file(path: Path, *, also_to_terminal: bool = False) -> Iterator[TextIO]:
    """Sends everything that is printed or logged to a file, by native code too.

    Native libraries write to the file descriptors, so these are redirected, not only `sys.stdout`
    and `sys.stderr`.

    Args:
        path: The log file; it is appended to.
        also_to_terminal: Leave the descriptors alone, and write Python's log records to both.

    Yields:
        A text stream that still reaches the terminal.
    """
    others = [logging.StreamHandler(sys.stderr)] if also_to_terminal else []
    with _records_to(path, *others):
        if also_to_terminal:
            yield sys.stdout
        else:
            with _redirected_descriptors(path) as terminal:
                yield terminal


@contextlib.contextmanager
def records_to_file(path: Path) -> Iterator[None]:
    """Sends log records and warnings to a file instead of the streams that they go to.

    File descriptors and `sys.stdout` stay as they are: they belong to the program, or notebook,
    that calls.

    Args:
        path: The log file; it is appended to.
    """
    silenced = [
        (logger, handler)
        for logger in (logging.getLogger(), logging.getLogger("tensorflow"))
        for handler in logger.handlers
        if type(handler) is logging.StreamHandler
    ]
    for logger, handler in silenced:
        logger.removeHandler(handler)
    try:
        with _records_to(path), warnings.catch_warnings():
            warnings.showwarning = _log_warning
            yield
    finally:
        for logger, handler in silenced:
            logger.addHandler(handler)


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del file
    text = warnings.formatwarning(message, category, filename, lineno, line)
    logging.getLogger("py.warnings").warning("%s", text.rstrip())


@contextlib.contextmanager
def _records_to(path: Path, *others: logging.Handler) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    handlers: list[logging.Handler] = [file, *others]
    root = logging.getLogger()
    level = root.level
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            # On a full disk this fails; the handler's buffer is lost like the rest of the log.
            with contextlib.suppress(OSError):
                handler.close()


@contextlib.contextmanager
def _redirected_descriptors(path: Path) -> Iterator[TextIO]:
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    terminal = io.TextIOWrapper(
        os.fdopen(os.dup(1), "wb"),
        encoding=sys.stdout.encoding or "utf-8",
        errors="replace",
        line_buffering=True,
    )
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        yield terminal
    finally:
        _flush(sys.stdout, 1)
        _flush(sys.stderr, 2)
        terminal.flush()
        for descriptor, original in zip((1, 2), saved, strict=True):
            os.dup2(original, descriptor)
            os.close(original)
        os.close(log)
        terminal.close()


def _flush(stream: TextIO, descriptor: int) -> None:
    try:
        stream.flush()
    except OSError:
        # The log's disk is full. Drop what does not fit, or it would go to the terminal.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, descriptor)
        os.close(null)
        stream.flush()
