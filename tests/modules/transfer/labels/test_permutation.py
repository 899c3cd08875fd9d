"""Permuted labels are recognised as such; a hard domain is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.transfer.labels.permutation import find_permutation

NAMES = [f"class {number}" for number in range(6)]
LABELS = np.repeat(np.arange(6), 20)


def answers(right: float, seed: int = 0) -> np.ndarray:
    """The true classes as a model of some accuracy sees them."""
    rng = np.random.default_rng(seed)
    return np.where(rng.uniform(size=len(LABELS)) < right, LABELS, rng.integers(0, 6, len(LABELS)))


def test_labels_shifted_by_one_are_recognised_and_told() -> None:
    found = find_permutation((LABELS + 1) % 6, answers(0.9), NAMES)
    assert found is not None
    assert found.classes == {NAMES[(label + 1) % 6]: NAMES[label] for label in range(6)}
    assert found.examples == 120
    assert str(found).startswith("labels that look permuted: what is labelled 'class 0' looks like")


def test_a_shift_is_recognised_although_the_model_knows_some_classes_badly() -> None:
    seen = np.where((LABELS == 2) & (np.arange(120) % 2 == 0), 5, answers(0.9))
    found = find_permutation((LABELS + 1) % 6, seen, NAMES)
    assert found is not None
    assert len(found.classes) == 6


def test_two_classes_that_were_swapped_are_found_among_others_that_were_not() -> None:
    swapped = np.array([0, 4, 2, 3, 1, 5])[LABELS]
    found = find_permutation(swapped, answers(0.9), NAMES)
    assert found is not None
    assert found.classes == {"class 1": "class 4", "class 4": "class 1"}


@settings(deadline=None)
@given(permutation=st.permutations(range(6)), seed=st.integers(0, 1000))
def test_every_permutation_is_found_and_only_its_moved_classes(
    permutation: list[int], seed: int
) -> None:
    found = find_permutation(np.array(permutation)[LABELS], answers(0.95, seed), NAMES)
    moved = {NAMES[new]: NAMES[old] for old, new in enumerate(permutation) if new != old}
    assert (found.classes if found else {}) == moved


@settings(deadline=None)
@given(right=st.floats(0.0, 1.0), seed=st.integers(0, 1000))
def test_a_model_that_errs_at_random_is_no_permutation(right: float, seed: int) -> None:
    assert find_permutation(LABELS, answers(right, seed), NAMES) is None


@pytest.mark.parametrize("favourite", [0, 3])
def test_a_model_that_favours_one_class_is_no_permutation(favourite: int) -> None:
    assert find_permutation(LABELS, np.full(len(LABELS), favourite), NAMES) is None
    hard = np.where(LABELS == 5, favourite, LABELS)
    assert find_permutation(LABELS, hard, NAMES) is None


def test_randomly_shuffled_labels_are_no_permutation_of_classes() -> None:
    shuffled = np.random.default_rng(0).permutation(LABELS)
    assert find_permutation(shuffled, answers(0.95), NAMES) is None


def test_a_few_images_are_not_enough() -> None:
    labels = np.repeat([0, 1], 4)
    assert find_permutation(labels, 1 - labels, NAMES[:2]) is None
