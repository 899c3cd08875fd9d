"""LEEP against its definition, and what it must rank."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.transfer.transferability.leep import leep


def by_definition(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Section 3 of the paper, sum by sum."""
    count, width = probabilities.shape
    total = 0.0
    for example, label in enumerate(labels):
        likelihood = 0.0
        for z in range(width):
            marginal = sum(probabilities[i, z] for i in range(count)) / count
            joint = sum(probabilities[i, z] for i in range(count) if labels[i] == label) / count
            if marginal > 0:
                likelihood += joint / marginal * probabilities[example, z]
        total += math.log(likelihood)
    return total / count


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_it_equals_the_definition(count: int, width: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(width), count)
    labels = rng.integers(classes, size=count)
    found = leep(probabilities, labels)
    assert found == pytest.approx(by_definition(probabilities, labels), abs=1e-9)
    assert found <= 0.0


def test_answers_that_determine_the_labels_are_perfect_whatever_they_are_called() -> None:
    labels = np.arange(30) % 3
    assert leep(np.eye(5)[[4, 0, 2]][labels], labels) == pytest.approx(0.0)


def test_answers_that_say_nothing_give_the_entropy_of_the_labels() -> None:
    labels = np.arange(40) % 4
    assert leep(np.full((40, 10), 0.1), labels) == pytest.approx(-math.log(4))


@given(st.permutations(list(range(12))))
def test_neither_order_nor_names_of_the_classes_matter(order: list[int]) -> None:
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(4), 12), np.arange(12) % 3
    renamed = np.array([7, 3, 5])[labels]
    assert leep(probabilities[order], renamed[order]) == pytest.approx(leep(probabilities, labels))


@pytest.mark.parametrize("labels", [np.zeros(0, int), np.zeros(3, int)])
def test_what_does_not_fit_is_refused(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="distributions for"):
        leep(np.ones((len(labels) and 2, 1)), labels)
