"""Which splits' label skew is measured, and when it stops a run."""

from __future__ import annotations

import pytest

from modules.domains.distribution_distance import Distance
from modules.domains.skew import check_skew, measure_skew
from modules.settings import ValidationSettings


def test_only_splits_that_both_domains_fill_are_measured() -> None:
    skews = measure_skew({"train": [5, 5], "eval": [0, 0]}, {"train": [9, 1], "eval": [1, 1]})
    assert {split: skew.l_infinity for split, skew in skews.items()} == {
        "train": pytest.approx(0.4)
    }


def test_skew_is_a_finding_only_beyond_what_is_allowed() -> None:
    skews = {"train": Distance(0.3, 0.1), "eval": Distance(0.1, 0.01)}
    assert check_skew(skews, ValidationSettings(max_label_skew=None)) == []
    assert check_skew(skews, ValidationSettings(max_label_skew=0.3)) == []
    (finding,) = check_skew(skews, ValidationSettings(max_label_skew=0.2))
    assert finding.stops_the_run
    assert finding.split == "train"
    assert "0.300" in finding.found
