"""The registry of networks and LeNet."""

from __future__ import annotations

from typing import Literal

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import ConfigError
from modules.core.registry import Registry
from modules.networks import registry as networks
from modules.networks.precision import onednn_is_held_below_bfloat16, precision_policy
from modules.networks.registry import (
    build_network,
    freeze_layers,
)
from modules.settings import NetworkSettings


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a test register networks that are gone afterwards."""
    entries = {name: networks.NETWORKS.find(name) for name in networks.NETWORKS.names()}
    monkeypatch.setattr(networks, "NETWORKS", Registry("network.name", "network", entries))


def _images(count: int, size: int = 28, channels: int = 1) -> tf.Tensor:
    rng = np.random.default_rng(0)
    return tf.constant(rng.random((count, size, size, channels)), tf.float32)


def test_lenet_has_the_tutorials_layers_and_no_other_weights() -> None:
    network = build_network(NetworkSettings(), num_classes=10)
    assert {weight.path: tuple(weight.shape) for weight in network.weights} == {
        "conv1/kernel": (5, 5, 1, 32),
        "conv1/bias": (32,),
        "conv2/kernel": (5, 5, 32, 64),
        "conv2/bias": (64,),
        "features/kernel": (3136, 1024),
        "features/bias": (1024,),
        "logits/kernel": (1024, 10),
        "logits/bias": (10,),
    }


def test_lenet_computes_what_its_layers_say() -> None:
    network = build_network(NetworkSettings(), num_classes=10)
    images = _images(3)
    weights = {weight.path: weight.value for weight in network.weights}

    x = images
    for layer in ("conv1", "conv2"):
        x = tf.nn.conv2d(x, weights[f"{layer}/kernel"], 1, "SAME") + weights[f"{layer}/bias"]
        x = tf.nn.max_pool2d(tf.nn.relu(x), 2, 2, "VALID")
    x = tf.reshape(x, [3, -1])
    features = tf.nn.relu(x @ weights["features/kernel"] + weights["features/bias"])
    logits = features @ weights["logits/kernel"] + weights["logits/bias"]

    outputs = network(images)
    np.testing.assert_allclose(outputs["features"], features, atol=1e-5)
    np.testing.assert_allclose(outputs["logits"], logits, atol=1e-5)


@pytest.mark.parametrize(("size", "channels", "classes"), [(8, 3, 2), (33, 1, 7)])
def test_lenet_takes_any_size_channels_and_class_count(
    size: int, channels: Literal[1, 3], classes: int
) -> None:
    settings = NetworkSettings(image_size=size, channels=channels)
    outputs = build_network(settings, classes)(_images(2, size, channels))
    assert outputs["features"].shape == (2, 1024)
    assert outputs["logits"].shape == (2, classes)


def test_lenet_refuses_an_image_that_pools_to_nothing() -> None:
    with pytest.raises(ConfigError, match="at least 4 pixels, found 3"):
        build_network(NetworkSettings(image_size=3), num_classes=10)


@pytest.mark.skipif(onednn_is_held_below_bfloat16(), reason="ONEDNN_MAX_CPU_ISA")
def test_in_mixed_precision_layers_compute_in_bfloat16_and_keep_float32_at_both_ends() -> None:
    with precision_policy("mixed_bfloat16"):
        network = build_network(NetworkSettings(), num_classes=10)
    assert network.get_layer("conv2").compute_dtype == "bfloat16"
    assert network.get_layer("features").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in network.weights} == {"float32"}
    assert {output.dtype for output in network(_images(2)).values()} == {tf.float32}


def test_dropout_is_active_in_training_only_and_leaves_the_features_alone() -> None:
    network = build_network(NetworkSettings(dropout=0.5), num_classes=10)
    images = _images(4)
    inference, training = network(images, training=False), network(images, training=True)
    np.testing.assert_array_equal(inference["logits"], network(images, training=False)["logits"])
    np.testing.assert_array_equal(inference["features"], training["features"])
    assert not np.allclose(inference["logits"], training["logits"])


def test_the_same_seed_builds_the_same_weights() -> None:
    def weights(seed: int) -> list[np.ndarray]:
        keras.utils.set_random_seed(seed)
        return build_network(NetworkSettings(image_size=8), num_classes=3).get_weights()

    first, again, other = weights(1), weights(1), weights(2)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("name", ["lent", "LeNet"])
def test_an_unknown_network_is_refused_with_the_nearest_name(name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{name}'; did you mean 'lenet'"):
        build_network(NetworkSettings(name=name), num_classes=10)


def test_an_unknown_network_like_no_other_is_refused_with_all_names() -> None:
    with pytest.raises(ConfigError, match=r"known: .*lenet"):
        build_network(NetworkSettings(name="zzz"), num_classes=10)


def test_a_network_without_classes_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one class"):
        build_network(NetworkSettings(), num_classes=0)


@pytest.mark.usefixtures("registry")
def test_another_network_can_be_registered_and_built_by_name() -> None:
    def flat_features(settings: NetworkSettings, images: keras.KerasTensor) -> keras.KerasTensor:
        assert images.shape == (None, settings.image_size, settings.image_size, 1)
        return keras.layers.Flatten()(images)

    networks.NETWORKS.register("flat", flat_features)
    network = build_network(NetworkSettings(name="flat", image_size=6), num_classes=2)
    assert (network.name, network.feature_dim) == ("flat", 36)
    assert network(_images(5, 6))["features"].shape == (5, 36)


@pytest.mark.usefixtures("registry")
def test_features_that_are_no_vectors_are_refused() -> None:
    networks.NETWORKS.register("images", lambda settings, images: images)
    with pytest.raises(ValueError, match=r"features \[N, D\], found \(None, 28, 28, 1\)"):
        build_network(NetworkSettings(name="images"), num_classes=3)


@pytest.mark.usefixtures("registry")
def test_two_weights_of_one_name_are_refused() -> None:
    def twins(settings: NetworkSettings, images: keras.KerasTensor) -> keras.KerasTensor:
        flat = keras.layers.Flatten()(images)
        parts = []
        for part in ("left", "right"):
            own = keras.Input(flat.shape[1:])
            model = keras.Model(own, keras.layers.Dense(3, name="twin")(own), name=part)
            parts.append(model(flat))
        return keras.layers.Add()(parts)

    networks.NETWORKS.register("twins", twins)
    with pytest.raises(ValueError, match="Two weights of network 'twins' share a name"):
        _ = build_network(NetworkSettings(name="twins"), num_classes=3).named_variables


def test_frozen_layers_are_not_trained() -> None:
    network = build_network(NetworkSettings(), num_classes=10)
    freeze_layers(network, ["conv1", "conv2"])
    assert [weight.path for weight in network.trainable_variables] == [
        "features/kernel",
        "features/bias",
        "logits/kernel",
        "logits/bias",
    ]


@pytest.mark.parametrize("name", ["conv3", "pool1"])
def test_freezing_a_layer_without_weights_is_refused_with_the_nearest_name(name: str) -> None:
    network = build_network(NetworkSettings(), num_classes=10)
    with pytest.raises(ConfigError, match=f"no layer '{name}'"):
        freeze_layers(network, [name])


def test_a_copy_for_the_first_classes_gives_their_logits_and_all_features() -> None:
    network, images = build_network(NetworkSettings(image_size=8), 6), _images(3, size=8)
    first, whole = network.with_first_classes(2)(images), network(images)
    np.testing.assert_array_equal(first["logits"], whole["logits"][:, :2])
    np.testing.assert_array_equal(first["features"], whole["features"])
