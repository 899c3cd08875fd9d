"""The lines that a check consists of."""

from __future__ import annotations

from typing import NamedTuple

from modules.core.finding import Finding

OK, WARNING, ERROR = "ok", "warning", "error"


class CheckLine(NamedTuple):
    """One check's outcome: `ok`, `warning` or `error`, and a line for the user."""

    level: str
    text: str


def finding_line(place: str, finding: Finding) -> CheckLine:
    """Says what was found in a domain."""
    return CheckLine(ERROR if finding.stops_the_run else WARNING, f"{place}, {finding}")
