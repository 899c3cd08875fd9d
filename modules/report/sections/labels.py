"""Labels that look wrong, as a contact sheet."""

from __future__ import annotations

from modules.report.inputs import ReportData
from modules.report.sections.section import Section
from modules.transfer.labels.suspects import LEAST_AGREEMENT


def labels_section(data: ReportData) -> Section:
    """Shows the target's most doubtful labels, split by split."""
    return Section(
        "labels",
        "Doubtful labels",
        {"audits": data.label_audit, "least_agreement": LEAST_AGREEMENT},
    )
