"""The whole report as one HTML document."""

from __future__ import annotations

from modules.core.wording import NO_SOURCE
from modules.report.inputs import ReportData
from modules.report.run_facts import facts_place, run_facts_markup
from modules.report.script import page_script
from modules.report.sections.arms import arms_section
from modules.report.sections.calibration import calibration_section
from modules.report.sections.classes.accuracy import classes_section
from modules.report.sections.classes.confusion import confusion_section
from modules.report.sections.comparison import comparison_section
from modules.report.sections.data import data_section
from modules.report.sections.features import features_section
from modules.report.sections.hardest import hardest_section
from modules.report.sections.labels import labels_section
from modules.report.sections.learning import learning_section
from modules.report.sections.lineage import lineage_section
from modules.report.sections.mapping import mapping_section
from modules.report.sections.samples import samples_section
from modules.report.sections.section import render
from modules.report.sections.spans import spans_section
from modules.report.sections.transferability import transferability_section
from modules.report.verdict import verdict_section

_SECTIONS = (
    arms_section,
    comparison_section,
    spans_section,
    samples_section,
    classes_section,
    confusion_section,
    hardest_section,
    labels_section,
    features_section,
    calibration_section,
    learning_section,
    data_section,
    transferability_section,
    mapping_section,
    lineage_section,
)


def build_report(data: ReportData) -> str:
    """Builds the report.

    It is one file: it loads no script, font, image or style sheet from elsewhere, and its content
    security policy forbids browsers to try. The one script that the policy allows, by its hash,
    searches long tables; everything is there without it.

    Returns:
        HTML. Equal data give equal text.
    """
    html = render(
        "document.html.j2",
        {
            "source": data.evaluation["source"]["name"] or NO_SOURCE,
            "target": data.evaluation["target"]["name"],
            "verdict": verdict_section(data),
            "sections": [shown for section in _SECTIONS if (shown := section(data)) is not None],
            "script": page_script(),
            "run_facts": facts_place(run_facts_markup({})),
        },
    )
    return str(html)
