"""What was to be expected of the transfer before it began."""

from __future__ import annotations

from modules.report.inputs import ReportData
from modules.report.sections.section import Section


def transferability_section(data: ReportData) -> Section:
    """Shows each estimate, or why there is none."""
    return Section(
        "transferability", "What was to be expected", {"estimates": data.transferability}
    )
