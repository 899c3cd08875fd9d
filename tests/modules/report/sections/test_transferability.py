"""The report's section on what was to be expected."""

from __future__ import annotations

from dataclasses import replace

from modules.report.sections.transferability import transferability_section
from modules.transfer.transferability.estimates import Estimate
from tests.report_domain import report_data

ESTIMATES = {
    "leep": Estimate(-0.5),
    "log_me": Estimate(0.256),
    "h_score": Estimate(None, "This needs two labelled images of a class."),
}


def test_each_estimate_is_shown_with_how_to_read_it_or_why_there_is_none() -> None:
    content = transferability_section(replace(report_data(), transferability=ESTIMATES)).content
    for words in ("LEEP", "-0.5", "LogME", "0.256", "H-score"):
        assert words in content
    assert "none" in content
    assert "This needs two labelled images of a class." in content
    assert content.count("higher is better") == 3
