"""Which classes are shown where there is no room for all."""

from __future__ import annotations

from typing import Any

from modules.report.evidence.shown_classes import shown_classes


def evaluation(before: list[float | None], after: list[float | None]) -> dict[str, Any]:
    names = [f"class {number}" for number in range(len(before))]
    return {
        "target": {"classes": names},
        "arms": {
            arm: {
                "per_class": {
                    name: {"accuracy": accuracy}
                    for name, accuracy in zip(names, accuracies, strict=True)
                }
            }
            for arm, accuracies in (("pretrained", before), ("warm_start", after))
        },
    }


def test_all_are_shown_where_they_have_room() -> None:
    assert shown_classes(evaluation([0.5, None], [0.9, None]), 2) == [0, 1]


def test_else_those_that_changed_most_in_either_direction_in_label_order() -> None:
    found = evaluation([0.5, 0.5, 0.9, 0.5], [0.6, 0.5, 0.1, 0.9])
    assert shown_classes(found, 2) == [2, 3]


def test_a_class_without_examples_comes_last() -> None:
    found = evaluation([None, 0.5, 0.5], [None, 0.5, 0.5])
    assert shown_classes(found, 2) == [1, 2]
