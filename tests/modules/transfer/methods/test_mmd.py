"""Maximum mean discrepancy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.settings.methods import MmdSettings
from modules.transfer.losses.pairwise import squared_distances
from modules.transfer.methods.mmd import Mmd, mean_discrepancy
from tests.modules.transfer.tiny_transfer import PROGRESS, context, stream


def sample(rows: int, seed: int, offset: float = 0.0) -> tf.Tensor:
    values = np.random.default_rng(seed).normal(loc=offset, size=(rows, 3))
    return tf.constant(values, tf.float32)


def discrepancy(one: tf.Tensor, other: tf.Tensor) -> float:
    return float(mean_discrepancy(one, other))


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 12), st.floats(-1e3, 1e3), st.integers(0, 2**31 - 1))
def test_distances_are_those_between_rows(rows: int, offset: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(loc=offset, size=(rows, 4)).astype(np.float32)
    expected = np.square(values[:, None] - values[None]).sum(-1)
    found = squared_distances(tf.constant(values)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    assert not np.diag(found).any()


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 12), st.integers(1, 12), st.floats(0, 50), st.integers(0, 2**31 - 1))
def test_it_is_symmetric_and_bounded(rows: int, others: int, offset: float, seed: int) -> None:
    one, other = sample(rows, seed), sample(others, seed + 1, offset)
    assert discrepancy(one, other) == pytest.approx(discrepancy(other, one), abs=1e-5)
    assert -1e-5 <= discrepancy(one, other) <= 2.0
    assert discrepancy(one, one) == pytest.approx(0.0, abs=1e-5)


def test_it_grows_with_the_distance_of_the_domains() -> None:
    one = sample(64, 0)
    near, far = (discrepancy(one, sample(64, 1, offset)) for offset in (0.0, 2.0))
    assert near < 0.1 < far


def test_its_weighted_value_is_added_to_joint_training() -> None:
    source, target = sample(4, 0), sample(5, 1, 3.0)
    streams = {
        "source": stream(features=source, labels=[0, 1, 2, 0]),
        "unlabelled": stream(features=target),
    }
    losses = Mmd(context(mmd=MmdSettings(weight=2.0))).losses(streams, tf.constant(PROGRESS))
    assert float(losses["mmd"]) == pytest.approx(2 * discrepancy(source, target), rel=1e-5)
    assert set(losses) == {"source_cross_entropy", "mmd"}


def test_descending_its_gradient_brings_the_domains_together() -> None:
    source, target = sample(16, 0), tf.Variable(sample(16, 1, 1.5))
    before = discrepancy(source, target)
    for _ in range(20):
        with tf.GradientTape() as tape:
            loss = mean_discrepancy(source, target)
        target.assign_sub(2.0 * tape.gradient(loss, target))
    assert discrepancy(source, target) < 0.5 * before
