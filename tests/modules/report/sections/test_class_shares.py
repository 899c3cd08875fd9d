"""How many of each domain's training images each class has."""

from __future__ import annotations

from typing import Any

import pytest

from modules.report.sections.classes.shares import ClassShare, class_shares, draw_shares


def validation(**counts: int) -> dict[str, Any]:
    return {"splits": {"train": {"examples_per_class": counts}}}


def test_classes_are_paired_by_name_whatever_their_order() -> None:
    assert class_shares(validation(a=1, b=3), validation(b=1, a=1)) == [
        ClassShare("b", 0.75, 0.5),
        ClassShare("a", 0.25, 0.5),
    ]


def test_a_class_that_a_domain_lacks_has_no_share_there() -> None:
    only_target, only_source = class_shares(validation(old=2), validation(new=2))
    assert (only_target.name, only_target.source, only_target.target) == ("new", None, 1.0)
    assert (only_source.name, only_source.source, only_source.target) == ("old", 1.0, None)
    assert only_source.difference == only_target.difference == 1.0


def test_an_empty_train_split_has_shares_of_nothing() -> None:
    assert class_shares(validation(a=0), validation(a=0)) == [ClassShare("a", 0.0, 0.0)]


@pytest.mark.parametrize(("classes", "is_whole"), [(2, True), (30, True), (31, False)])
def test_few_classes_have_a_row_each_and_many_a_point_each(classes: int, is_whole: bool) -> None:
    figure = draw_shares([ClassShare(f"class {n}", 0.1, 0.2) for n in range(classes)])
    assert (f">class {classes - 1}</text>" in figure) == is_whole
    assert figure.count("<use ") >= 2 * classes if is_whole else figure.count("<use ") >= classes


def test_shares_over_a_wide_range_are_drawn_on_logarithmic_axes() -> None:
    def shares(largest: float) -> list[ClassShare]:
        return [ClassShare(f"class {n}", 0.001, 0.001) for n in range(40)] + [
            ClassShare("largest", largest, largest)
        ]

    assert ">50\N{NO-BREAK SPACE}%</text>" not in draw_shares(shares(0.9))
    assert ">10\N{NO-BREAK SPACE}%</text>" in draw_shares(shares(0.9))


def test_domains_without_a_common_class_are_drawn_too() -> None:
    shares = [ClassShare(f"old {n}", 0.05, None) for n in range(20)]
    shares += [ClassShare(f"new {n}", None, 0.05) for n in range(20)]
    assert "0 of 40 classes are in both domains" in draw_shares(shares)
