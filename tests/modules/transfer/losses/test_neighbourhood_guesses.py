"""What is guessed of the target's unlabelled images."""

from __future__ import annotations

import numpy as np
import pytest

from modules.transfer.losses.neighbourhood_guesses import Guesses, guess_from_neighbourhoods
from tests.modules.transfer.tiny_transfer import examples, network, preparation


def test_the_classes_shares_are_estimated_from_the_target() -> None:
    everything = examples(240, seed=2)
    # Class 2 is four times as rare as the others.
    rows = np.flatnonzero((everything.known_labels != 2) | (np.arange(240) < 60))
    target = everything.take(rows)
    shots = target.take(np.arange(30))
    uneven = {"unlabelled": target.without_labels(), "target": shots}
    shares = guess_from_neighbourhoods(preparation(network(), uneven)).class_shares()
    np.testing.assert_allclose(shares, [4 / 9, 4 / 9, 1 / 9], atol=0.08)
    assert shares.sum() == pytest.approx(1.0, rel=1e-5)


def shares_of(counts: list[int]) -> np.ndarray:
    scores = np.repeat(np.eye(len(counts), dtype=np.float32), counts, axis=0)
    return Guesses(
        np.arange(len(scores)), scores, scores, np.ones(scores.shape[1], bool)
    ).class_shares()


def test_a_class_that_no_image_seems_to_be_of_keeps_a_share() -> None:
    shares = shares_of([50, 50, 0])
    assert 0 < shares[2] < 0.05
    assert shares.sum() == pytest.approx(1.0, rel=1e-5)


def test_differences_that_wrong_guesses_explain_count_as_none() -> None:
    np.testing.assert_allclose(shares_of([104, 100, 96]), 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(shares_of([400, 100, 100]), [2 / 3, 1 / 6, 1 / 6], atol=0.01)
