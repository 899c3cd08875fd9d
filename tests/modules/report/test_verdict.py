"""The verdict: one sentence that holds in every outcome."""

from __future__ import annotations

import pytest

from modules.report.inputs import ReportData
from modules.report.verdict import verdict_section, verdict_sentence
from modules.settings import GateSettings
from tests.report_domain import report_data


def sentence(data: ReportData) -> str:
    text = verdict_sentence(data.evaluation, GateSettings())
    return text.striptags().replace("\N{NO-BREAK SPACE}", " ")


def test_a_gain_is_stated_with_its_size() -> None:
    assert sentence(report_data(right=(0.75, 0.8, 0.95))) == (
        "The warm start gets 92.7 % of optdigits right: 24.0 points above the pretrained model "
        "(p < 0.001), and 19.0 points above training from scratch (p < 0.001)."
    )


def test_a_loss_is_stated_as_a_loss() -> None:
    told = sentence(report_data(right=(0.95, 0.8, 0.8)))
    assert "points below the pretrained model (p < 0.001)" in told
    assert "not provably different from training from scratch (+0.0 points, p = 1.000)" in told


def test_what_may_be_chance_is_not_stated_as_a_difference() -> None:
    told = sentence(report_data(right=(0.945, 0.94, 0.95)))
    assert "not provably different from the pretrained model (" in told
    assert "above" not in told


@pytest.mark.parametrize(
    ("right", "heading", "summary"),
    [
        ((0.75, 0.8, 0.95), "<h1>Blessed</h1>", "What was proven"),
        ((0.95, 0.8, 0.75), "<h1>Not blessed</h1>", "What is missing"),
    ],
)
def test_the_head_names_verdict_and_reasons(
    right: tuple[float, float, float], heading: str, summary: str
) -> None:
    data = report_data(right=right)
    content = verdict_section(data).content
    assert heading in content
    assert summary in content
    assert content.count("<li>") == len(data.evaluation["reasons"])


@pytest.mark.parametrize("right", [(0.75, 0.8, 0.95), (0.95, 0.8, 0.75)])
def test_what_was_proven_and_what_is_missing_are_shown_without_a_click(
    right: tuple[float, float, float],
) -> None:
    content = verdict_section(report_data(right=right)).content
    assert '<details class="reasons" open>' in content


def test_the_head_says_what_counts_as_evidence_and_how_often_it_was_asked() -> None:
    content = verdict_section(report_data()).content
    assert "images that are independent of each other" in content
    assert "Attempts on this eval split are not counted here." in content


def test_a_hostile_domain_name_stays_text_in_the_sentence() -> None:
    text = verdict_sentence(report_data(domain="<b>bold</b>").evaluation, GateSettings())
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
