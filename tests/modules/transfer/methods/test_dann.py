"""Domain-adversarial training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.settings.methods import DannSettings
from modules.transfer.methods.dann import (
    Dann,
    DomainAdversary,
    adversary_schedule,
    reverse_gradient,
)
from tests.modules.transfer.tiny_transfer import PROGRESS, context, domains, stream, train


def adversary(weight: float = 1.0, seed: int = 0) -> DomainAdversary:
    return DomainAdversary(weight, feature_dim=2, hidden_units=4, seed=seed)


def test_the_gradient_is_reversed_and_scaled_and_the_values_are_kept() -> None:
    values = tf.Variable([1.0, -2.0])
    with tf.GradientTape() as tape:
        reversed_values = reverse_gradient(values, tf.constant(0.5))
        loss = tf.reduce_sum(reversed_values * [3.0, 4.0])
    np.testing.assert_array_equal(reversed_values, [1.0, -2.0])
    np.testing.assert_allclose(tape.gradient(loss, values), [-1.5, -2.0])


def test_the_schedule_rises_from_nothing() -> None:
    schedule = [float(adversary_schedule(tf.constant(share))) for share in (0.0, 0.1, 0.5, 0.99)]
    assert schedule[0] == 0.0
    assert schedule[1] == pytest.approx(2 / (1 + np.exp(-1)) - 1, rel=1e-5)
    assert schedule == sorted(schedule)
    assert 0.98 < schedule[-1] < 1.0


def test_the_classifier_learns_to_tell_domains_apart_while_the_features_unlearn_it() -> None:
    def loss(part: DomainAdversary, source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        streams = {"source": stream(source), "unlabelled": stream(target)}
        return part.losses(streams, tf.constant(PROGRESS))["domain_cross_entropy"]

    learner, source, target = adversary(), tf.Variable([[1.0, 0.0]]), tf.Variable([[0.0, 1.0]])
    with tf.GradientTape(persistent=True) as tape:
        before = loss(learner, source, target)
    for variable in learner.extra_variables():
        variable.assign_sub(0.1 * tape.gradient(before, variable))
    assert float(loss(learner, source, target)) < float(before)
    # Descending the reversed gradient climbs the classifier's loss.
    moved = [domain - 0.1 * tape.gradient(before, domain) for domain in (source, target)]
    assert float(loss(adversary(), *moved)) > float(before)


def test_each_domain_counts_as_one_half_whatever_its_batch() -> None:
    part = adversary()
    one = {"source": stream(np.ones([1, 2])), "unlabelled": stream(np.zeros([1, 2]))}
    more = {"source": stream(np.ones([5, 2])), "unlabelled": stream(np.zeros([1, 2]))}
    values = [float(part.losses(s, tf.constant(0.0))["domain_cross_entropy"]) for s in (one, more)]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_the_seed_sets_the_classifiers_weights() -> None:
    one, same, other = (adversary(seed=seed).extra_variables()[0].numpy() for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_classifier_is_trained_with_the_network(tmp_path: Path) -> None:
    method = Dann(context(dann=DannSettings(weight=0.1, hidden_units=4)))
    before = [variable.numpy() for variable in method.extra_variables()]
    _, outcome = train(method, domains(), tmp_path)
    assert "domain_cross_entropy" in outcome.losses
    assert len(before) == 4
    for old, new in zip(before, method.extra_variables(), strict=True):
        assert not np.array_equal(old, new.numpy())
