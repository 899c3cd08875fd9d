"""A study's page: its words follow from its numbers, whatever was studied."""

from __future__ import annotations

import re

import pytest

from modules.settings import TransferSettings
from modules.study.page import StudyFacts, build_study_page, study_sentence
from modules.study.summary import SummaryRow

DEFAULT = TransferSettings().method
ROWS = [
    SummaryRow(DEFAULT, 0, (0.91, 0.92)),
    SummaryRow(DEFAULT, 10, (0.97, 0.99)),
    SummaryRow("scratch", 10, (0.88, 0.90)),
    SummaryRow("zero_shot", 0, (0.93,)),
    SummaryRow("zero_shot", 10, (0.93,)),
]
FACTS = StudyFacts("a <b>", "c & d", 899, 5, 7, {"command": "warmstart study x.yaml --shots 0,10"})


def text(html: str) -> str:
    words = re.sub(r"<svg.*?</svg>|<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    return " ".join(words.split())


def test_the_sentence_names_the_highest_mean_and_what_it_is_worth() -> None:
    assert text(study_sentence(ROWS)) == (
        f"With 10 labels per class, {DEFAULT} has the highest mean accuracy: 98.0 ± 1.4 % , "
        "+5.0 points against the pretrained model as it is, +9.0 points against training from "
        "scratch."
    )


def test_negative_transfer_is_not_hidden() -> None:
    rows = [SummaryRow("coral", 1, (0.9,)), SummaryRow("zero_shot", 1, (0.93,))]
    assert "zero_shot has the highest mean accuracy: 93.0 %" in text(study_sentence(rows))


def test_the_table_marks_recipe_and_highest_mean_in_words_and_leaves_no_figure_out() -> None:
    shown = text(build_study_page(ROWS, FACTS))
    assert f"{DEFAULT} (the default recipe) 91.5 % ± 0.7 98.0 % ± 1.4 highest mean" in shown
    assert "zero_shot (the pretrained model as it is) 93.0 % highest mean 93.0 %" in shown
    assert "scratch (the control, without transfer) \N{EN DASH} 89.0 % ± 1.4" in shown
    assert "seeds 7 to 8" in shown
    assert "warmstart study x.yaml --shots 0,10" in shown


def test_a_method_without_another_one_is_not_called_the_highest() -> None:
    shown = text(build_study_page([*ROWS[1:3], ROWS[3]], FACTS))
    assert "zero_shot (the pretrained model as it is) 93.0 % \N{EN DASH}" in shown


def test_names_are_shown_not_obeyed() -> None:
    html = build_study_page(ROWS, FACTS)
    assert "a &lt;b&gt;" in html
    assert "<b>" not in html


def test_equal_studies_give_equal_pages() -> None:
    assert build_study_page(ROWS, FACTS) == build_study_page(ROWS, FACTS)


@pytest.mark.parametrize("rows", [ROWS[:1], ROWS[3:4]])
def test_a_study_of_one_method_has_a_page(rows: list[SummaryRow]) -> None:
    assert "What a label is worth" in build_study_page(rows, FACTS)
