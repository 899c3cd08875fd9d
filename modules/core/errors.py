"""Errors that a user can act on: each message says what, where, why and what to do."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_SHOWN = 20


class WarmstartError(Exception):
    """Base of every error that is shown to the user as one message, without a traceback."""


class ConfigError(WarmstartError):
    """The configuration file, or a `--set` override, is not valid."""


class DataError(WarmstartError):
    """Input data do not hold what their format promises.

    Args:
        path: The file or folder at fault.
        expected: What should have been there.
        found: What was there instead.
        fix: What the user can do about it.
        offset: Byte offset inside the file, if known.

    Example:
        >>> print(DataError("a.gz", expected="magic 2051", found="magic 7", fix="Pass an IDX file.",
        ...                 offset=0))
        a.gz (byte 0): expected magic 2051, found magic 7. Pass an IDX file.
    """

    def __init__(
        self, path: str, *, expected: str, found: str, fix: str, offset: int | None = None
    ) -> None:
        place = path if offset is None else f"{path} (byte {offset})"
        super().__init__(f"{place}: expected {expected}, found {found}. {fix}")


class DataErrors(DataError):
    """Everything that is wrong with a folder or file, in one message.

    Args:
        path: The folder or file.
        problems: A message for each problem, at least one; of many, the first 20 are shown.
        advice: What the user can do about all of them.

    Example:
        >>> print(DataErrors("images", ["a.png: cut.", "b.png: empty."]))
        images: 2 problems.
          a.png: cut.
          b.png: empty.
        >>> print(DataErrors("images", ["a.png: cut."]))
        a.png: cut.
    """

    def __init__(self, path: str, problems: Sequence[str], advice: str = "") -> None:
        lines = list(problems)
        if len(problems) > 1:
            lines = [f"{path}: {len(problems):,} problems."]
            lines += [f"  {problem}" for problem in problems[:_MOST_SHOWN]]
            if len(problems) > _MOST_SHOWN:
                lines.append(f"  and {len(problems) - _MOST_SHOWN:,} more.")
        WarmstartError.__init__(self, "\n".join([*lines, *filter(None, [advice])]))


class DomainValidationError(WarmstartError):
    """A domain's statistics break the schema or the allowed skew; the run must stop."""


class WarmStartMappingError(WarmstartError):
    """The checkpoint and the network differ in a way that the configuration did not announce."""


class TrainingError(WarmstartError):
    """A training cannot continue, for instance because its loss is not finite."""


class EngineError(WarmstartError):
    """The engine that runs the Beam jobs does not answer, does not fit, or lost a worker."""


class OutputError(WarmstartError):
    """The output folder cannot be used: another run holds it, or its disk is full or read-only."""


def one_line(message: object) -> str:
    """Joins the lines of an error or text for use within a sentence.

    Returns:
        The message with single spaces; the type's name where there is no message.

    Example:
        >>> one_line(ValueError("line 2:\\n   no digit"))
        'line 2: no digit'
    """
    return " ".join(str(message).split()) or type(message).__name__
