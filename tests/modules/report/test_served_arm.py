"""The report of a run whose serving folder held a model: one more arm, wherever arms are shown."""

from __future__ import annotations

import pytest

from modules.report.document import build_report
from modules.report.inputs import ReportData
from modules.report.sections.arms import arms_section
from modules.report.sections.calibration import calibration_section
from modules.report.sections.classes.accuracy import classes_section
from modules.report.sections.classes.confusion import confusion_section
from modules.report.sections.comparison import comparison_section
from modules.report.sections.hardest import hardest_section
from modules.report.verdict import verdict_section
from tests.report_domain import report_data

SECTIONS = (
    arms_section,
    calibration_section,
    classes_section,
    comparison_section,
    confusion_section,
    hardest_section,
)


@pytest.fixture(scope="module")
def compared() -> ReportData:
    return report_data(right=(0.75, 0.8, 0.9, 0.95))


def test_it_is_shown_wherever_arms_are(compared: ReportData) -> None:
    without = report_data()
    for section in SECTIONS:
        assert "Served model" in section(compared).content
        assert "Served model" not in section(without).content


def test_its_version_its_colour_and_its_examples_are_told(compared: ReportData) -> None:
    arms = arms_section(compared)
    assert arms.title == "Four arms, one test"
    assert "version 1795539541, which an earlier run pushed" in arms.content
    assert "that none of those that this run trained has seen" in arms.content
    assert "var(--served)" in arms.content
    html = build_report(compared)
    assert html.count("--served: #") == 2  # in the light and in the dark
    assert "that none was trained on" in build_report(report_data())


def test_the_verdict_says_how_the_warm_start_compares(compared: ReportData) -> None:
    content = verdict_section(compared).content.replace("\N{NO-BREAK SPACE}", " ")
    assert "points</strong> below the model that was served" in content
    assert "<h1>Not blessed</h1>" in content


def test_an_arm_that_is_pushed_instead_is_named_with_its_accuracy() -> None:
    data = report_data(right=(0.95, 0.8, 0.75))
    told = dict(data.evaluation) | {"pushed_arm": "pretrained"}
    instead = ReportData(**{**vars(data), "evaluation": told})
    assert "The pretrained model is good enough and is pushed instead" in build_report(instead)
    assert "about the warm-start model" not in build_report(instead)
    assert "is pushed instead" not in build_report(data)
