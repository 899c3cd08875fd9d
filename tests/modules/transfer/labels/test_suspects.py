"""Wrong labels stand out among those of the most similar images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.idx_arrays import read_idx_arrays
from modules.transfer.labels.suspects import find_suspects


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels as features, which is all that these digits need, and labels."""
    images, labels = read_idx_arrays(Path("data/optdigits"), "train")
    return images.reshape(len(images), -1).astype(np.float32), labels.astype(np.int64)


def test_most_wrong_labels_come_first_with_the_right_one_beside_them(
    digits: tuple[np.ndarray, np.ndarray],
) -> None:
    features, labels = digits
    rng = np.random.default_rng(0)
    wrong = rng.choice(len(labels), 27, replace=False)
    given = labels.copy()
    given[wrong] = (given[wrong] + rng.integers(1, 10, 27)) % 10
    found = find_suspects(features, given)
    first = found.rows[:27]
    assert len(set(first.tolist()) & set(wrong.tolist())) >= 22
    assert np.mean(found.likely[:27] == labels[first]) > 0.8
    assert not found.are_unrelated


def test_hardly_any_right_label_is_suspected(digits: tuple[np.ndarray, np.ndarray]) -> None:
    features, labels = digits
    found = find_suspects(features, labels)
    assert len(found.rows) < 0.01 * len(labels)
    assert found.agreement is not None
    assert found.agreement > 0.95


def test_shuffled_labels_are_unrelated_to_the_images(
    digits: tuple[np.ndarray, np.ndarray],
) -> None:
    features, labels = digits
    for seed in range(20):
        found = find_suspects(features, np.random.default_rng(seed).permutation(labels))
        assert found.are_unrelated
        assert len(found.rows) == 0


def test_weak_features_are_no_judge_of_a_single_label(
    digits: tuple[np.ndarray, np.ndarray],
) -> None:
    features, labels = digits
    noise = np.random.default_rng(0).normal(0, 120, features.shape)
    found = find_suspects(features + noise, labels)
    assert not found.are_unrelated
    assert found.agreement is not None
    assert found.agreement < 0.7
    assert len(found.rows) == 0


@pytest.mark.parametrize("count", [1, 5, 10])
def test_a_few_examples_say_nothing(count: int) -> None:
    features = np.random.default_rng(0).normal(size=(count, 3))
    found = find_suspects(features, np.arange(count) % 2)
    assert (len(found.rows), found.agreement, found.are_unrelated) == (0, None, False)
