"""What the report says of weights and of the logits of new classes."""

from __future__ import annotations

from dataclasses import replace

from modules.models.mapping_report import ClassRow, compare_weights
from modules.report.sections.mapping import mapping_section
from tests.report_domain import report_data

KNOWN = ClassRow("a", "checkpoint row 0", "the pretrained model has this class")
NEW = ClassRow("b", "imprinted from 3 labelled images", "the pretrained model does not have it")


def content(rows: list[ClassRow]) -> dict:
    shapes = {"conv/kernel": (5, 2), "logits/kernel": (4, 2), "logits/bias": (2,)}
    mapping = compare_weights(shapes, shapes, checkpoint="here", fingerprint="0" * 64)
    return dict(mapping_section(replace(report_data(), mapping=replace(mapping, rows=rows))).values)


def test_logits_of_new_classes_do_not_count_as_restored() -> None:
    made = content([KNOWN, NEW])
    assert made["new_rows"] == 1
    assert made["restored_share"] == 15 / 20


def test_without_new_classes_everything_came_from_the_checkpoint() -> None:
    made = content([KNOWN, replace(KNOWN, class_name="b", origin="checkpoint row 1")])
    assert (made["new_rows"], made["restored_share"]) == (0, 1.0)
