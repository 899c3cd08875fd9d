"""Networks of layers that Keras has named, with statistics of batches."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.core.registry import Registry
from modules.networks import registry as networks
from modules.networks.registry import BuiltNetwork, build_network
from modules.settings import NetworkSettings


def _nested_features(settings: NetworkSettings, images: keras.KerasTensor) -> keras.KerasTensor:
    """As one would write it: unnamed layers, one used twice, and a model within the model."""
    own = keras.Input(images.shape[1:])
    x = keras.layers.Conv2D(4, 3, padding="same")(own)
    inner = keras.Model(own, keras.layers.BatchNormalization()(x))
    twice = keras.layers.Conv2D(4, 3, padding="same")
    x = twice(twice(inner(images)))
    x = keras.layers.BatchNormalization(name="last")(x)
    return keras.layers.GlobalAveragePooling2D()(x)


@pytest.fixture(autouse=True)
def nested(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"nested": _nested_features}
    monkeypatch.setattr(networks, "NETWORKS", Registry("network.name", "network", entries))


def build(*, fixed_statistics: bool = False) -> BuiltNetwork:
    keras.utils.set_random_seed(0)
    settings = NetworkSettings(name="nested", image_size=8, channels=1)
    # The second of two builds: Keras goes on counting.
    keras.layers.Conv2D(1, 1)
    return build_network(settings, 2, fixed_statistics=fixed_statistics)


def images() -> tf.Tensor:
    return tf.random.stateless_uniform([5, 8, 8, 1], (0, 0))


def test_names_do_not_depend_on_what_was_built_before() -> None:
    expected = {
        *(f"{name}/{weight}" for name in ("conv2d", "conv2d_1") for weight in ("kernel", "bias")),
        *(f"logits/{weight}" for weight in ("kernel", "bias")),
        *(
            f"{name}/{weight}"
            for name in ("batch_normalization", "last")
            for weight in ("gamma", "beta", "moving_mean", "moving_variance")
        ),
    }
    for network in (build(), build(), build(fixed_statistics=True)):
        assert set(network.named_variables) == expected


@pytest.mark.parametrize("fixed", [False, True])
def test_a_copy_computes_the_same(fixed: bool) -> None:
    network = build(fixed_statistics=fixed)
    network(images(), training=True)
    np.testing.assert_allclose(
        network.to_float32()(images())["logits"], network(images())["logits"], atol=1e-6
    )


def test_fixed_statistics_stay_at_every_depth_while_scale_and_shift_train() -> None:
    network = build(fixed_statistics=True)
    before = {name: value.numpy() for name, value in network.named_variables.items()}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(images(), training=True)["logits"] ** 2)
    trained = network.trainable_variables
    keras.optimizers.SGD(0.1).apply(tape.gradient(loss, trained), trained)
    changed = {
        name
        for name, value in network.named_variables.items()
        if not np.array_equal(value, before[name])
    }
    statistics = {name for name in before if "moving_" in name}
    assert len(statistics) == 4
    assert not changed & statistics
    assert {"last/gamma", "batch_normalization/beta", "conv2d/kernel"} <= changed
