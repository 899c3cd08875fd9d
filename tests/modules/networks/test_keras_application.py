"""Networks of keras.applications: their input, their weights and their layers' names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import ConfigError, DataError
from modules.networks.keras_application import application_names
from modules.networks.registry import BuiltNetwork, build_network
from modules.settings import NetworkSettings

SIZE = 32


def settings(model: str = "MobileNet", **changes: Any) -> NetworkSettings:
    values = {"image_size": SIZE, "channels": 3, **changes}
    return NetworkSettings(name="keras_application", model=model, **values)


def build(model: str = "MobileNet", seed: int = 0, **changes: Any) -> BuiltNetwork:
    keras.utils.set_random_seed(seed)
    return build_network(settings(model, **changes), num_classes=3)


def reference(model: str = "MobileNet") -> keras.Model:
    """As people use it: with the scaling that its documentation asks for."""
    keras.utils.set_random_seed(7)
    application = getattr(keras.applications, model)
    return application(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3), pooling="avg")


def photos(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).random((2, SIZE, SIZE, channels)).astype(np.float32)


@pytest.mark.parametrize(
    ("model", "preprocess"),
    [
        ("MobileNet", keras.applications.mobilenet.preprocess_input),  # to -1 .. 1
        ("VGG16", keras.applications.vgg16.preprocess_input),  # BGR, less a mean
    ],
)
def test_features_of_plain_pixels_are_those_that_keras_computes_of_preprocessed_ones(
    model: str, preprocess: Callable[[np.ndarray], np.ndarray], tmp_path: Path
) -> None:
    path = tmp_path / "own.weights.h5"
    original = reference(model)
    original.save_weights(path)
    network = build(model, weights=str(path))
    expected = original(preprocess(photos() * 255.0))
    np.testing.assert_allclose(network(photos())["features"], expected, rtol=1e-3, atol=1e-4)


def test_grey_images_are_three_equal_channels() -> None:
    grey, colour = build(channels=1), build()
    image = photos(channels=1)
    np.testing.assert_allclose(
        grey(image)["features"], colour(image.repeat(3, axis=-1))["features"], atol=1e-6
    )


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras", ".h5"])
def test_weights_come_from_each_kind_of_file_that_keras_writes(suffix: str, tmp_path: Path) -> None:
    path, original = tmp_path / f"file{suffix}", reference()
    (original.save_weights if suffix == ".weights.h5" else original.save)(path)
    network = build(weights=str(path))
    np.testing.assert_array_equal(
        network.named_variables["conv1/kernel"], original.get_layer("conv1").kernel
    )
    # A copy does not need the file.
    path.unlink()
    assert network.to_float32().settings.weights == "none"


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "found no such file"),
        (lambda path: path.write_bytes(b"no weights"), "expected weights of MobileNet"),
        (lambda path: reference("VGG16").save_weights(path), "expected weights of MobileNet"),
    ],
    ids=["missing", "damaged", "another model's"],
)
def test_a_file_that_does_not_fit_is_refused(
    write: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "some.weights.h5"
    write(path)
    with pytest.raises(DataError, match=message):
        build(weights=str(path))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"")
    with pytest.raises(DataError, match="found another kind of file"):
        build(weights=str(tmp_path / "weights.pt"))


def test_without_the_internet_the_file_is_named_as_the_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*args: object, **options: object) -> str:
        raise Exception("URL fetch failure on https://...: None")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", fail)
    with pytest.raises(ConfigError, match=r"could not be downloaded: .*network\.weights: PATH"):
        build(weights="imagenet", image_size=224)


def test_an_unknown_model_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="'MobilNet'; did you mean 'MobileNet'"):
        build("MobilNet")
    assert {"MobileNetV3Small", "EfficientNetB0", "ResNet50"} <= set(application_names())


def test_a_size_that_the_model_does_not_take_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"network.image_size: MobileNet cannot be built for 16x16"
    ):
        build(image_size=16)


@pytest.mark.parametrize("name", ["lenet", "resnet"])
def test_model_and_weights_belong_to_this_network_alone(name: str) -> None:
    with pytest.raises(ValueError, match="belong to name: keras_application"):
        NetworkSettings(name=name, model="MobileNet")
    with pytest.raises(ValueError, match="belong to name: keras_application"):
        NetworkSettings(name=name, weights="imagenet")
    with pytest.raises(ValueError, match="needs a model"):
        NetworkSettings(name="keras_application")


def test_statistics_follow_random_weights_and_stay_with_trained_ones(tmp_path: Path) -> None:
    path = tmp_path / "own.weights.h5"
    reference().save_weights(path)
    for network, moves in ((build(), True), (build(weights=str(path)), False)):
        mean = network.named_variables["conv1_bn/moving_mean"]
        before = mean.numpy()
        tf.function(network, autograph=False)(photos(), training=True)
        assert np.array_equal(mean, before) != moves
