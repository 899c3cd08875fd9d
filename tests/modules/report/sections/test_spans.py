"""The report's section on spans: there with spans only, and short however many there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from modules.core.arms import ARMS
from modules.evaluation.spans.scores import score_spans
from modules.models.served_model import Answers
from modules.report.document import build_report
from modules.report.inputs import ReportData
from modules.report.sections.spans import spans_section
from modules.settings import GateSettings
from tests.report_domain import report_data


def with_spans(number: int) -> ReportData:
    data = report_data()
    found = data.predictions
    answers = {
        arm: Answers(
            found.example_ids,
            found.labels,
            found.predicted[arm],
            found.confidence[arm].astype(np.float32),
        )
        for arm in ARMS
    }
    spans = score_spans(answers, 1 + np.arange(len(found.labels)) % number, GateSettings())
    told: dict[str, Any] = {**data.evaluation, "spans": spans}
    return replace(data, evaluation=told)


def test_data_without_spans_have_no_such_section() -> None:
    assert spans_section(report_data()) is None
    assert "New data and old" not in build_report(report_data())


def test_each_span_and_all_have_a_row_with_every_arm() -> None:
    html = build_report(with_spans(3))
    assert "New data and old" in html
    for name in ("span 3", "span 2", "span 1", "all older spans", "all spans"):
        assert f'<th scope="row">{name}</th>' in html


def test_many_spans_are_cut_to_the_newest() -> None:
    section = spans_section(with_spans(20))
    assert section is not None
    assert '<th scope="row">span 9</th>' in section.content
    assert '<th scope="row">span 8</th>' not in section.content
    assert "8 older spans are not listed; result.json has them." in section.content
