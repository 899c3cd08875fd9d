"""The transfer gate where examples come in groups: fonts, writers, patients, videos."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modules.evaluation.gate import judge
from modules.settings import GateSettings
from tests.modules.evaluation.test_gate import NAMES, NUM_CLASSES, answers, labels_of


def of_twelve_fonts(gaining: int) -> dict[str, Any]:
    """180 examples of 12 fonts; the warm start fixes half of what some fonts have."""
    labels = labels_of(180)
    fonts = np.arange(180) // 15
    wrong = (np.arange(180) % 2 == 0) & (fonts < gaining)
    before = np.where(wrong, (labels + 1) % NUM_CLASSES, labels)
    predictions = {"pretrained": before, "scratch": before, "warm_start": labels}
    return {"labels": labels, "predictions": predictions, "class_names": NAMES, "groups": fonts}


def test_a_gain_in_one_font_of_twelve_is_proven_by_images_but_not_by_fonts() -> None:
    case = of_twelve_fonts(gaining=2)
    by_font = judge(**case, settings=GateSettings())
    case["groups"] = None
    by_image = judge(**case, settings=GateSettings())
    assert by_image.blessed
    assert by_image.groups is None
    assert not by_font.blessed
    assert by_font.groups == 12
    (image, font) = (
        verdict.comparisons["warm_start_vs_pretrained"] for verdict in (by_image, by_font)
    )
    assert image.difference == font.difference
    assert image.ci95[0] > 0 > font.ci95[0]
    assert image.p_value < 0.001 < 0.05 < font.p_value
    assert "exact sign-flip test of groups p = 0.5" in by_font.reasons[0]


@pytest.mark.parametrize("test", ["mcnemar", "bootstrap"])
def test_a_gain_in_every_font_is_blessed(test: str) -> None:
    case = of_twelve_fonts(gaining=12)
    verdict = judge(**case, settings=GateSettings.model_validate({"test": test}))
    assert verdict.blessed
    assert "There are 12 groups of target eval examples; at least 10 are needed." in verdict.reasons


def test_too_few_groups_are_not_enough_evidence_and_the_number_is_said() -> None:
    case = of_twelve_fonts(gaining=12) | {"groups": np.arange(180) // 20}
    verdict = judge(**case, settings=GateSettings())
    assert not verdict.blessed
    (reason,) = verdict.reasons
    assert "not enough evidence: 9 groups" in reason
    assert "gate.min_eval_groups" in reason
    assert judge(**case, settings=GateSettings(min_eval_groups=9)).blessed


def test_one_huge_group_among_small_ones_is_not_enough_evidence() -> None:
    case = of_twelve_fonts(gaining=12) | {"groups": np.maximum(np.arange(180) - 160, 0)}
    reason = judge(**case, settings=GateSettings()).reasons[0]
    assert "20 groups of target eval examples, of so unequal sizes that they say as much" in reason


def test_a_class_that_one_writer_lost_is_no_proof_of_a_fall() -> None:
    labels = labels_of(900)
    writers = np.arange(900) // 45
    fallen = (labels == 0) & (writers < 3)  # 13 of 90, of three writers
    pretrained = answers(labels, np.flatnonzero((labels > 0) & (np.arange(900) % 4 == 0)))
    warm_start = answers(labels, np.flatnonzero(fallen))
    predictions = {"pretrained": pretrained, "scratch": pretrained, "warm_start": warm_start}
    arguments = (labels, predictions, NAMES, GateSettings())
    assert not judge(*arguments).blessed
    assert judge(*arguments, groups=writers).blessed


def test_groups_of_one_image_judge_as_no_groups_do() -> None:
    case = of_twelve_fonts(gaining=12) | {"groups": None}
    alone = judge(**case, settings=GateSettings())
    each = judge(**case | {"groups": np.arange(180)}, settings=GateSettings())
    assert each.comparisons["warm_start_vs_pretrained"].p_value == pytest.approx(
        alone.comparisons["warm_start_vs_pretrained"].p_value
    )
    assert each.blessed == alone.blessed


def test_groups_of_other_length_are_refused() -> None:
    case = of_twelve_fonts(gaining=12) | {"groups": np.arange(9)}
    with pytest.raises(ValueError, match="9 groups but 180 labels"):
        judge(**case, settings=GateSettings())
