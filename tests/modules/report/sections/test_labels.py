"""The section on doubtful labels says what was found, split by split."""

from __future__ import annotations

from dataclasses import replace

from modules.report.evidence.label_audit import SplitAudit
from modules.report.sections.labels import labels_section
from tests.report_domain import report_data

NAMES = ["zero", "one", "two"]


def markup(*audits: SplitAudit) -> str:
    return str(labels_section(replace(report_data(NAMES), label_audit=audits)).content)


def test_the_contact_sheet_shows_the_given_and_the_likely_class_of_each() -> None:
    text = str(labels_section(report_data(NAMES)).content)
    assert "Train split: 2 labels of 100 look wrong, the most doubtful first." in text
    assert text.count("<img") == 2
    assert text.index("Labelled <strong") < text.index("Like <strong")
    assert "train/00000001" in text


def test_shuffled_labels_are_called_unrelated_to_the_images() -> None:
    text = str(labels_section(report_data(NAMES)).content)
    assert "Eval split: the labels have nothing to do with the images." in text


def test_a_permutation_is_told_in_words() -> None:
    text = markup(SplitAudit("eval", 9, 0.9, False, "labels that look permuted: <b>", []))
    assert "Eval split: labels that look permuted: &lt;b&gt;." in text


def test_sound_labels_and_weak_features_are_told_apart() -> None:
    assert "no label of 90 stands out" in markup(SplitAudit("eval", 90, 0.99, False, None, []))
    weak = markup(SplitAudit("eval", 90, 0.5, False, None, []))
    assert "too few to doubt a single label" in weak
    assert "too few to judge" in markup(SplitAudit("eval", 3, None, False, None, []))
