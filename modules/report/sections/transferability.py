"""What was to be expected of the transfer before it began."""

from __future__ import annotations

from modules.report.inputs import ReportData
from modules.report.sections.section import Section
from modules.transfer.transferability.estimates import (
    H_SCORE,
    LEEP,
    LOG_ME,
)

_MEANINGS = {
    LEEP: ("LEEP", "at most 0, higher is better: the pretrained answers foretell the labels"),
    LOG_ME: ("LogME", "higher is better: a linear model on the features explains the labels"),
    H_SCORE: ("H-score", "higher is better: the classes lie apart in the features"),
}


def transferability_section(data: ReportData) -> Section:
    """Shows each estimate, or why there is none.

    Args:
        data: The run.

    Returns:
        The section.
    """
    estimates = data.transferability
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
