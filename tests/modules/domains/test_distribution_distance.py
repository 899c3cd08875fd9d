"""Distances between distributions, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import entropy

from modules.domains.distribution_distance import Distance, distribution_distance, label_skew

COUNTS = st.lists(st.integers(0, 10_000), min_size=2, max_size=12)


@given(COUNTS, st.data())
def test_skew_equals_scipy(source: list[int], data: st.DataObject) -> None:
    size = len(source)
    target = data.draw(st.lists(st.integers(0, 10_000), min_size=size, max_size=size))
    assume(sum(source) and sum(target))
    p, q = np.array(source) / sum(source), np.array(target) / sum(target)
    skew = distribution_distance(source, target)
    assert skew.l_infinity == pytest.approx(np.abs(p - q).max())
    assert skew.jensen_shannon == pytest.approx(
        entropy((p + q) / 2, base=2) - (entropy(p, base=2) + entropy(q, base=2)) / 2, abs=1e-7
    )
    assert 0 <= skew.jensen_shannon <= 1


@given(COUNTS, st.integers(1, 9))
def test_size_of_a_domain_is_no_skew(counts: list[int], factor: int) -> None:
    assume(sum(counts))
    skew = distribution_distance(counts, [factor * count for count in counts])
    assert skew.l_infinity == pytest.approx(0, abs=1e-12)
    assert skew.jensen_shannon == pytest.approx(0, abs=1e-12)


def test_domains_without_a_common_class_are_as_far_apart_as_can_be() -> None:
    assert distribution_distance([7, 0], [0, 3]) == Distance(l_infinity=1.0, jensen_shannon=1.0)


@pytest.mark.parametrize(
    ("source", "target"), [([1, 1], [1]), ([0, 0], [1, 1]), ([1, 1], [-1, 3]), ([], [])]
)
def test_counts_that_are_no_distribution_are_refused(source: list[int], target: list[int]) -> None:
    with pytest.raises(ValueError, match=r"counts but|Expected counts"):
        distribution_distance(source, target)


def test_label_skew_is_measured_between_splits_that_both_domains_fill() -> None:
    skews = label_skew({"train": [5, 5], "eval": [0, 0]}, {"train": [9, 1], "eval": [1, 1]})
    assert {split: skew.l_infinity for split, skew in skews.items()} == {
        "train": pytest.approx(0.4)
    }
