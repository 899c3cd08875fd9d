"""Text with names that are anybody's: of files, folders and classes."""

from __future__ import annotations


def terminal_text(text: str) -> str:
    """Replaces what a terminal would obey or could not write; lines stay lines.

    Args:
        text: A message for the user.

    Returns:
        The same without control characters, such as those that begin an escape sequence.
    """
    from modules.core.wording import display_name

    return "\n".join(display_name(line) for line in text.split("\n"))
