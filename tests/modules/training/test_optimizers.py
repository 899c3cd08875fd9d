"""The fused Adam is Keras's Adam."""

from __future__ import annotations

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.training.optimizers import FusedAdam, build_optimizer


def train(
    optimizer: keras.optimizers.Optimizer, gradients: list[np.ndarray], as_keras: bool
) -> np.ndarray:
    start = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    variable = keras.Variable(start) if as_keras else tf.Variable(start)
    for gradient in gradients:
        optimizer.apply_gradients([(tf.constant(gradient), variable)])
    return np.array(keras.ops.convert_to_numpy(variable))


@settings(deadline=None, max_examples=10)
@given(
    st.floats(1e-5, 1.0),
    st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=6),
    st.booleans(),
)
def test_updates_are_kerass(learning_rate: float, scales: list[float], as_keras: bool) -> None:
    gradients = [
        scale * np.cos(np.arange(6, dtype=np.float32) + step).reshape(2, 3).astype(np.float32)
        for step, scale in enumerate(scales)
    ]
    np.testing.assert_allclose(
        train(FusedAdam(learning_rate), gradients, as_keras),
        train(keras.optimizers.Adam(learning_rate), gradients, as_keras),
        rtol=1e-5,
        atol=1e-4 * learning_rate,
    )


def test_a_traced_step_is_not_kept_for_ever() -> None:
    optimizer, variable = FusedAdam(0.1), tf.Variable([1.0])
    optimizer.build([variable])

    @tf.function(autograph=False)
    def step() -> None:
        optimizer.apply_gradients([(tf.constant([2.0]), variable)])

    graph = weakref.ref(step.get_concrete_function().graph)
    del step
    gc.collect()
    assert graph() is None


def test_a_strategy_gets_kerass_own_update() -> None:
    strategy = tf.distribute.OneDeviceStrategy("cpu:0")
    with strategy.scope():
        optimizer, variable = FusedAdam(0.1), tf.Variable([1.0])
        optimizer.build([variable])

    @tf.function
    def step() -> None:
        strategy.run(lambda: optimizer.apply_gradients([(tf.constant([2.0]), variable)]))

    step()
    operations = {node.op for node in step.get_concrete_function().graph.as_graph_def().node}
    assert "ResourceApplyAdam" not in operations
    assert variable.numpy() == pytest.approx(0.9, abs=1e-5)


def test_a_variable_without_gradient_stays() -> None:
    kept, moved = tf.Variable([1.0]), tf.Variable([1.0])
    FusedAdam(0.1).apply_gradients([(None, kept), (tf.constant([1.0]), moved)])
    assert kept.numpy() == 1.0
    assert moved.numpy() == pytest.approx(0.9, abs=1e-5)


def test_cosine_falls_from_the_learning_rate_to_zero() -> None:
    optimizer = build_optimizer(0.1, "cosine", steps=10)
    rates = []
    for _ in range(10):
        rates.append(float(optimizer.learning_rate))
        optimizer.iterations.assign_add(1)
    assert rates[0] == pytest.approx(0.1)
    assert rates[5] == pytest.approx(0.05)
    assert 0 < rates[-1] < 0.01
    assert float(optimizer.learning_rate) == pytest.approx(0, abs=1e-8)


def test_constant_stays() -> None:
    assert float(build_optimizer(0.1, "constant", steps=10).learning_rate) == pytest.approx(0.1)
