"""What commands share: options, and printing text that may hold anything."""

from __future__ import annotations

import os
import warnings

import click

override_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Override a configuration value, e.g. target.shots=1. May be repeated.",
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
    """Replaces what a terminal would obey or could not write; lines stay lines.

    Args:
        text: A message for the user, with names of files, folders and classes.

    Returns:
        The message without control characters, such as those that begin an escape sequence.
    """
    from modules.core.wording import display_name

    return "\n".join(display_name(line) for line in text.split("\n"))


def say(text: str) -> None:
    """Prints a message that may hold anything."""
    click.echo(terminal_text(text))


def silence_imports() -> None:
    """Keeps what TensorFlow prints on import off the terminal."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore", FutureWarning)
