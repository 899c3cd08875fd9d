"""The whole report as one HTML document."""

from __future__ import annotations

from modules.core.arms import WARM_START
from modules.report.inputs import ReportData
from modules.report.run_facts import facts_place, run_facts_markup
from modules.report.sections.arms import arms_section
from modules.report.sections.calibration import calibration_section
from modules.report.sections.classes import classes_section
from modules.report.sections.comparison import comparison_section
from modules.report.sections.confusion import confusion_section
from modules.report.sections.data import data_section
from modules.report.sections.features import features_section
from modules.report.sections.hardest import hardest_section
from modules.report.sections.learning import learning_section
from modules.report.sections.lineage import lineage_section
from modules.report.sections.mapping import mapping_section
from modules.report.sections.samples import samples_section
from modules.report.sections.section import render
from modules.report.sections.transferability import transferability_section
from modules.report.verdict import verdict_section

_CENTER_LOSS = "center_loss"


def build_report(data: ReportData) -> str:
    """Builds the report.

    It is one file: no script, no font, no image and no style sheet is loaded from elsewhere, and
    its content security policy forbids a browser to try.

    Args:
        data: What it shows.

    Returns:
        HTML. Equal data give equal text.
    """
    evaluation, settings = data.evaluation, data.settings
    names = evaluation["target"]["classes"]
    warm_start = data.records[WARM_START]
    sections = [
        arms_section(evaluation),
        comparison_section(evaluation, settings.gate),
        samples_section(data.samples, evaluation, settings.preprocessing),
        classes_section(evaluation),
        confusion_section(evaluation),
        hardest_section(data.hardest, data.predictions, names),
        features_section(
            data.features,
            names,
            center_loss=_CENTER_LOSS in warm_start.metrics,
            seed=evaluation["seed"],
        ),
        calibration_section(data.predictions),
        learning_section(data.curves, data.records),
        data_section(data.source_validation, data.target_validation),
        transferability_section(data.transferability),
        mapping_section(data.mapping, warm_start, settings.restore),
        lineage_section(data.lineage, data.mapping, data.blessed_model_id),
    ]
    html = render(
        "document.html.j2",
        {
            "source": evaluation["source"]["name"],
            "target": evaluation["target"]["name"],
            "verdict": verdict_section(evaluation, settings.gate, settings.method),
            "sections": sections,
            "run_facts": facts_place(run_facts_markup({})),
        },
    )
    return str(html)
