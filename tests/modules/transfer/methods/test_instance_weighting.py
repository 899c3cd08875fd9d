"""Source examples count by how much they look like the target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from modules.transfer.methods.instance_weighting import InstanceWeighting, balanced_weights
from modules.transfer.methods.joint import Joint
from tests.modules.transfer.tiny_transfer import (
    PROGRESS,
    context,
    domains,
    examples,
    network,
    preparation,
    stream,
)


def test_weights_average_one_in_each_class_and_keep_their_proportions() -> None:
    weights = balanced_weights(np.array([1.0, 3.0, 0.5, 0.5]), np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(weights, [0.5, 1.5, 1.0, 1.0], rtol=1e-6)


def test_source_examples_that_look_like_the_target_count_more() -> None:
    half = examples(24, seed=1, brightness=2.0)
    other = examples(24, seed=2, brightness=0.3)
    mixed = replace(
        half,
        images=np.concatenate([half.images, other.images]),
        labels=np.concatenate([half.known_labels, other.known_labels]),
        example_ids=np.array([b"%08d" % row for row in range(48)]),
    )
    target = examples(24, seed=3, brightness=0.3).without_labels()
    method = InstanceWeighting(context())
    method.prepare(preparation(network(), {"source": mixed, "unlabelled": target}))

    def loss_of(row: int) -> float:
        source = stream(logits=np.zeros([1, 3]), labels=[0], rows=[row])
        parts = method.losses({"source": source}, tf.constant(PROGRESS))
        return float(parts["source_cross_entropy"])

    losses = np.array([loss_of(row) for row in range(48)])
    assert losses[24:].mean() > 1.2 * losses[:24].mean()
    assert losses.mean() == pytest.approx(np.log(3), rel=1e-4)


def test_with_weights_of_one_it_is_joint_training() -> None:
    data = domains()
    method = InstanceWeighting(context())
    same = {**data, "unlabelled": data["source"].without_labels()}
    method.prepare(preparation(network(), same))
    logits = np.array([[1.0, 0, 0], [0, 2.0, 0]])
    streams = {
        "source": stream(logits=logits, labels=[0, 2], rows=[3, 5]),
        "target": stream(logits=logits[:1], labels=[1]),
    }
    found = method.losses(streams, tf.constant(PROGRESS))
    expected = Joint(context()).losses(streams, tf.constant(PROGRESS))
    for name, loss in expected.items():
        assert float(found[name]) == pytest.approx(float(loss), rel=1e-4)


def test_losses_before_preparing_are_refused() -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        InstanceWeighting(context()).losses({}, tf.constant(PROGRESS))
