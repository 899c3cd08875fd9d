"""Fine-tuning that is held near the pretrained weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.settings.methods import L2SpSettings
from modules.transfer.methods.l2_sp import DistanceToStart, L2Sp
from tests.modules.transfer.tiny_transfer import (
    PROGRESS,
    context,
    domains,
    network,
    preparation,
    train,
)


def test_the_penalty_is_half_the_squared_distance_to_the_start() -> None:
    model = network()
    penalty = DistanceToStart(weight=0.5)
    penalty.prepare(preparation(model))
    assert float(penalty.losses({}, tf.constant(PROGRESS))["distance_to_start"]) == 0.0
    bias = model.get_layer("logits").bias
    bias.assign_add([1.0, 2.0, 0.0])
    found = penalty.losses({}, tf.constant(PROGRESS))["distance_to_start"]
    assert float(found) == pytest.approx(0.5 * 0.5 * (1 + 4))


def test_its_gradient_points_away_from_the_start() -> None:
    model = network()
    penalty = DistanceToStart(weight=2.0)
    penalty.prepare(preparation(model))
    bias = model.get_layer("logits").bias.value
    bias.assign_add([1.0, -1.0, 0.0])
    with tf.GradientTape() as tape:
        loss = penalty.losses({}, tf.constant(PROGRESS))["distance_to_start"]
    np.testing.assert_allclose(tape.gradient(loss, bias), [2.0, -2.0, 0.0])


def test_a_greater_weight_ends_nearer_to_the_start(tmp_path: Path) -> None:
    def distance(weight: float) -> float:
        method = L2Sp(context(l2_sp=L2SpSettings(weight=weight)))
        model, _ = train(method, {"target": domains()["target"]}, tmp_path / str(weight))
        pairs = zip(model.get_weights(), network().get_weights(), strict=True)
        return sum(float(np.square(one - other).sum()) for one, other in pairs)

    assert distance(10.0) < 0.9 * distance(0.0)
