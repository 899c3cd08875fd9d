"""What commands share: options, printing text that may hold anything, and writing files."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import click

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError
from modules.core.wording import display_name

override_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Override a configuration value, e.g. target.shots=1. May be repeated.",
)
targets_option = click.option(
    "--targets",
    callback=lambda _, __, text: tuple(filter(None, map(str.strip, (text or "").split(",")))),
    metavar="NAME,NAME,...",
    help="Of a configuration with several targets, those to take; by default all.",
)
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="Show the underlying logs and tracebacks."
)
format_option = click.option(
    "--format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="JSON has every name as it is; the others replace what a terminal cannot show.",
)


def terminal_text(text: str) -> str:
    """Replaces what a terminal would obey, such as escapes, or could not write; keeps lines."""
    return "\n".join(display_name(line) for line in text.split("\n"))


def say(text: str) -> None:
    """Prints a message that may hold anything."""
    click.echo(terminal_text(text))


def write_output(path: Path, content: str | bytes, *, make_folder: bool = False) -> None:
    """Writes a file that the user named, in one step.

    Raises:
        DataError: The file cannot be written.
    """
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise DataError(
            str(path),
            expected="a file that can be written",
            found=error.strerror or str(error),
            fix="Pass another --output.",
        ) from None


def silence_imports() -> None:
    """Keeps what TensorFlow prints on import off the terminal."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore", FutureWarning)
