"""Deep CORAL aligns covariances."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.settings.methods import CoralSettings
from modules.transfer.methods.coral import Coral, covariance_distance
from tests.modules.transfer.tiny_transfer import PROGRESS, context, stream

SIZES = st.integers(2, 9)


def sample(rows: int, columns: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


@settings(deadline=None, max_examples=25)
@given(SIZES, SIZES, st.integers(1, 6), st.integers(0, 2**31 - 1))
def test_the_distance_is_that_of_the_covariance_matrices(
    rows: int, others: int, columns: int, seed: int
) -> None:
    one, other = sample(rows, columns, seed), 2.0 * sample(others, columns, seed + 1)
    difference = np.cov(one, rowvar=False) - np.cov(other, rowvar=False)
    found = float(covariance_distance(tf.constant(one), tf.constant(other)))
    assert found == pytest.approx(np.square(difference).sum(), rel=1e-3, abs=1e-4)


@settings(deadline=None, max_examples=25)
@given(SIZES, st.integers(0, 2**31 - 1))
def test_it_ignores_where_the_domains_are(rows: int, seed: int) -> None:
    one = sample(rows, 3, seed)
    assert float(covariance_distance(tf.constant(one), tf.constant(one + 5.0))) < 1e-3


def test_its_weighted_distance_is_added_to_joint_training() -> None:
    source, target = sample(4, 3, 0), 3 * sample(4, 3, 1)
    streams = {
        "source": stream(features=source, labels=[0, 1, 2, 0]),
        "unlabelled": stream(features=target),
    }
    method = Coral(context(coral=CoralSettings(weight=0.5)))
    losses = method.losses(streams, tf.constant(PROGRESS))
    expected = 0.5 * float(covariance_distance(tf.constant(source), tf.constant(target)))
    assert float(losses["coral"]) == pytest.approx(expected, rel=1e-5)
    assert set(losses) == {"source_cross_entropy", "coral"}


def test_descending_its_gradient_brings_the_domains_together() -> None:
    source, target = tf.constant(sample(8, 3, 0)), tf.Variable(2 * sample(8, 3, 1))
    before = float(covariance_distance(source, target))
    for _ in range(20):
        with tf.GradientTape() as tape:
            loss = covariance_distance(source, target)
        target.assign_sub(0.02 * tape.gradient(loss, target))
    assert float(covariance_distance(source, target)) < 0.5 * before
