"""The fused Adam is Keras's Adam; others are Keras's own, by name."""

from __future__ import annotations

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.core.errors import ConfigError
from modules.settings import OptimizerSettings
from modules.settings.optimization import KerasSchedule
from modules.training.optimizers import OPTIMIZERS, FusedAdam, build_optimizer
from modules.training.optimizers.one_cycle import OneCycle


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


@given(st.floats(1e-5, 1.0), st.integers(5, 2000))
def test_one_cycle_rises_from_a_tenth_over_a_fifth_of_the_steps_then_falls_to_zero(
    learning_rate: float, steps: int
) -> None:
    schedule = OneCycle(learning_rate, steps)
    rates = [float(schedule(step)) for step in np.linspace(0, steps, 21)]
    assert rates[0] == pytest.approx(learning_rate / 10, rel=1e-4)
    assert rates[4] == pytest.approx(learning_rate, rel=1e-4)
    assert rates[:5] == sorted(rates[:5])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-6 * learning_rate)


def test_one_cycle_can_be_asked_for_by_name() -> None:
    optimizer = build_optimizer(0.1, "one_cycle", steps=10)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


def test_constant_stays() -> None:
    assert float(build_optimizer(0.1, "constant", steps=10).learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_every_optimizer_lowers_a_loss_on_plain_variables(name: str) -> None:
    optimizer = build_optimizer(0.05, "constant", 10, OptimizerSettings(name=name))
    variable = tf.Variable([[1.0, -2.0], [3.0, 0.5]])
    optimizer.build([variable])

    def loss() -> tf.Tensor:
        return tf.reduce_sum(variable**2)

    before = float(loss())
    for _ in range(3):
        with tf.GradientTape() as tape:
            value = loss()
        optimizer.apply_gradients([(tape.gradient(value, variable), variable)])
    assert float(loss()) < before


def test_arguments_reach_the_optimizer() -> None:
    settings = OptimizerSettings.model_validate({"name": "SGD", "momentum": 0.5, "nesterov": True})
    optimizer = build_optimizer(0.1, "cosine", 10, settings)
    assert (optimizer.momentum, optimizer.nesterov) == (0.5, True)
    assert isinstance(optimizer, keras.optimizers.SGD)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "AdamX"}, "no optimizer is named 'AdamX'; did you mean 'Adam'"),
        ({"name": "AdamW", "weight_decy": 0.1}, "no argument 'weight_decy' here; did you mean"),
        ({"name": "AdamW", "learning_rate": 0.1}, "no argument 'learning_rate' here"),
        ({"name": "SGD", "momentum": 7}, "SGD: `momentum` must be a float between"),
        ({"name": "SGD", "use_ema": True}, "no argument 'use_ema' here"),
    ],
)
def test_what_does_not_exist_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_optimizer(0.1, "constant", 10, OptimizerSettings.model_validate(settings))


def rates(schedule: dict, steps: int = 10) -> list[float]:
    optimizer = build_optimizer(0.1, KerasSchedule.model_validate(schedule), steps)
    values = []
    for _ in range(steps + 1):
        values.append(float(optimizer.learning_rate))
        optimizer.iterations.assign_add(1)
    return values


def test_a_schedule_of_keras_begins_at_the_learning_rate_and_takes_all_steps() -> None:
    falling = rates({"name": "CosineDecay", "alpha": 0.5})
    assert falling[0] == pytest.approx(0.1)
    assert falling[-1] == pytest.approx(0.05)
    halved = rates({"name": "ExponentialDecay", "decay_rate": 0.5, "decay_steps": 5})
    assert halved[5] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"name": "CosinDecay"}, "no schedule is named 'CosinDecay'; did you mean 'CosineDecay'"),
        ({"name": "PolynomialDecay", "powr": 2}, "no argument 'powr' here; did you mean 'power'"),
        ({"name": "ExponentialDecay"}, "decay_rate"),
        # It has rates of its own.
        ({"name": "PiecewiseConstantDecay"}, "no schedule is named"),
    ],
)
def test_a_schedule_that_does_not_exist_is_refused(schedule: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        rates(schedule)


@pytest.mark.parametrize("name", ["adam", "AdamW", "SGD"])
def test_layer_rates_scale_the_steps_of_the_first_variables(name: str) -> None:
    def step(layer_rates: list[float]) -> np.ndarray:
        settings = OptimizerSettings.model_validate({"name": name})
        optimizer = build_optimizer(0.1, "constant", 10, settings, layer_rates)
        variables = [tf.Variable(0.0) for _ in range(3)]
        optimizer.build(variables)
        optimizer.apply_gradients([(tf.constant(2.0), variable) for variable in variables])
        return np.array([float(variable) for variable in variables])

    np.testing.assert_allclose(step([0.25, 0.5]), step([]) * [0.25, 0.5, 1.0], rtol=1e-5)
