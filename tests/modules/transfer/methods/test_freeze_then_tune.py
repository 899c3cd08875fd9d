"""The head is trained first, then everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.settings.methods import FreezeThenTuneSettings
from modules.transfer.methods.freeze_then_tune import FreezeThenTune, HeadFirst
from tests.modules.transfer.tiny_transfer import (
    STEPS,
    context,
    domains,
    network,
    preparation,
    train,
)


def moved(share: float, directory: Path, steps: int = STEPS) -> dict[str, bool]:
    """Which layers' kernels have changed."""
    method = FreezeThenTune(context(freeze_then_tune=FreezeThenTuneSettings(head_share=share)))
    model, _ = train(method, {"target": domains()["target"]}, directory, steps)
    start = network()
    return {
        layer.name: not np.array_equal(layer.kernel, start.get_layer(layer.name).kernel)
        for layer in model.layers
        if layer.weights
    }


def test_the_body_rests_for_its_share_of_the_steps_and_then_moves(tmp_path: Path) -> None:
    body = ("conv1", "conv2", "features")
    resting = moved(1.0, tmp_path / "resting", steps=2)
    assert resting == {**dict.fromkeys(body, False), "logits": True}
    assert all(moved(0.5, tmp_path / "moving").values())


def test_a_share_of_nothing_is_fine_tuning(tmp_path: Path) -> None:
    assert all(moved(0.0, tmp_path, steps=1).values())


@pytest.mark.parametrize(("progress", "factor"), [(0.0, 0.0), (0.29, 0.0), (0.3, 1.0), (0.9, 1.0)])
def test_only_the_bodys_gradients_are_gated(progress: float, factor: float) -> None:
    model = network()
    part = HeadFirst(share=0.3)
    part.prepare(preparation(model))
    variables = [weight.value for weight in model.trainable_variables]
    outside = tf.Variable(1.0)
    gradients = [tf.ones_like(variable) for variable in variables]
    scaled = part.scale_gradients(
        [*gradients, tf.constant(1.0)], [*variables, outside], tf.constant(progress)
    )
    kinds = [float(tf.reduce_max(gradient)) for gradient in scaled]
    assert kinds == [factor] * 6 + [1.0, 1.0, 1.0]


def test_a_gradient_that_is_not_there_stays_so() -> None:
    part = HeadFirst(share=0.5)
    assert part.scale_gradients([None], [tf.Variable(1.0)], tf.constant(0.0)) == [None]
