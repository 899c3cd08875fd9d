"""What was to be expected of the transfer before it began."""

from __future__ import annotations

from modules.report.sections.section import Section
from modules.transfer.transferability.estimates import (
    H_SCORE,
    LEEP,
    LOG_ME,
    Transferability,
)

_MEANINGS = {
    LEEP: ("LEEP", "at most 0, higher is better: the pretrained answers foretell the labels"),
    LOG_ME: ("LogME", "higher is better: a linear model on the features explains the labels"),
    H_SCORE: ("H-score", "higher is better: the classes lie apart in the features"),
}


def transferability_section(estimates: Transferability) -> Section:
    """Shows each estimate, or why there is none.

    Args:
        estimates: By name.

    Returns:
        The section.
    """
    return Section(
        "transferability",
        "What was to be expected",
        {
            "estimates": [
                {
                    "name": name,
                    "meaning": meaning,
                    "value": estimates[key].value,
                    "why_not": estimates[key].why_not,
                }
                for key, (name, meaning) in _MEANINGS.items()
            ]
        },
    )
