"""What `run` and `study` have in common: checks, lock, log file, console and explained errors."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from modules.core.errors import ConfigError, WarmstartError
from modules.core.interruption import signals_heard, stop_requested
from pipelines.checking.imported_model import check_model_path
from pipelines.checking.spans import find_target_spans
from pipelines.config import Config
from pipelines.running.display import print_line
from pipelines.running.output_folder import LOGS_FOLDER, exclusive_output, storage_errors_explained
from pipelines.running.terminal_capture import logs_to_file, records_to_file


class Session(NamedTuple):
    """Where a run prints, and where everything else goes that would be printed."""

    console: Console
    log_file: Path


@contextlib.contextmanager
def output_session(
    config: Config,
    output: Path,
    *,
    title: str,
    width: int,
    kept: str,
    verbose: bool = False,
    on_terminal: bool = True,
) -> Iterator[Console]:
    """Checks that the data are there, and opens a session for a single target.

    Args:
        config: The scenario.
        output: Absolute path of the folder; it is made if needed.
        title: First words of the first line on the terminal.
        width: Columns to print, where there is no terminal.
        kept: What survives an unexpected error, as a sentence.
        verbose: Let the underlying logs and tracebacks through to the terminal.
        on_terminal: False where another program calls: nothing is printed, and neither the file
            descriptors of the process nor SIGTERM are touched.

    Yields:
        Where to print.

    Raises:
        WarmstartError: What went wrong, in words for the user.
    """
    check_data_folders(config)
    check_model_path(config)
    first_line = f"{title} {config.name}: {config.start_name} to {config.target.name}"
    with open_session(
        output,
        first_line=first_line,
        width=width,
        kept=kept,
        verbose=verbose,
        on_terminal=on_terminal,
    ) as session:
        yield session.console


@contextlib.contextmanager
def open_session(
    output: Path,
    *,
    first_line: str,
    width: int,
    kept: str,
    verbose: bool = False,
    on_terminal: bool = True,
) -> Iterator[Session]:
    """Holds an output folder, sends logs to a file in it, and explains errors, inside the block.

    Args:
        output: Absolute path of the folder; it is made if needed.
        first_line: What is printed first.
        width: Columns to print, where there is no terminal.
        kept: What survives an unexpected error, as a sentence.
        verbose: Let the underlying logs and tracebacks through to the terminal.
        on_terminal: False where another program calls, as for `output_session`.

    Raises:
        WarmstartError: What went wrong, in words for the user.
    """
    log_file = output / LOGS_FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    # TensorFlow reads it when it is imported, which takes seconds and happens inside the block.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1" if on_terminal else "3")
    with (
        exclusive_output(output),
        storage_errors_explained(output),
        _console(log_file, width, verbose) if on_terminal else _silence(log_file) as console,
        unexpected_errors_explained(log_file, kept=kept, verbose=verbose),
        storage_errors_explained(output),
    ):
        print_line(console, first_line)
        say = partial(print_line, console)
        with signals_heard(say, before_exit=console.show_cursor, may_exit=on_terminal):
            yield Session(console, log_file)


@contextlib.contextmanager
def _console(log_file: Path, width: int, verbose: bool) -> Iterator[Console]:
    with logs_to_file(log_file, also_to_terminal=verbose) as terminal:
        yield Console(file=terminal, width=None if terminal.isatty() else width)


@contextlib.contextmanager
def _silence(log_file: Path) -> Iterator[Console]:
    with records_to_file(log_file):
        yield Console(file=io.StringIO(), quiet=True)


def check_data_folders(config: Config) -> None:
    """Raises a ConfigError for a missing data folder or span, before heavy imports."""
    for role, domain in config.domains.items():
        path = Path(domain.folder)
        if not path.is_dir():
            found = "a file" if path.exists() else "nothing"
            raise ConfigError(
                f"{role}.path: expected a folder of format '{domain.format}' at {path.resolve()}, "
                f"found {found}. Correct the path in the configuration, or pass "
                f"--set {role}.path=DIR."
            )
    find_target_spans(config)


@contextlib.contextmanager
def unexpected_errors_explained(log_file: Path, *, kept: str, verbose: bool) -> Iterator[None]:
    """Turns unexpected errors into a message that names the log file, unless `verbose`.

    Raises:
        KeyboardInterrupt: A stop was requested, however a worker reports it.
        WarmstartError: The error is explained already, or was unexpected.
    """
    try:
        yield
    except WarmstartError:
        raise
    except Exception as error:
        # A Beam worker reports an interruption like any other failure.
        if stop_requested():
            raise KeyboardInterrupt from error
        if verbose:
            raise
        logging.getLogger(__name__).error("unexpected error", exc_info=error)
        first_line = next(iter(str(error).strip().splitlines()), "no message")
        raise WarmstartError(
            f"{type(error).__name__}: {first_line}\n"
            f"This error is unexpected. Details are in the log: {log_file}; "
            f"-v shows them on the terminal. {kept}"
        ) from error
