"""How a Keras file may end, and how it may compute."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from modules.models.imported.found import FoundModel, Kind
from modules.models.imported.keras_file import read_keras_file
from modules.models.imported.original import Original
from modules.networks.outputs import network_outputs
from modules.settings import NetworkSettings
from tests.modules.models.imported.outside_models import SIZE, save_as, strokes_model

IMAGES = np.random.default_rng(0).normal(size=(6, SIZE, SIZE, 1)).astype(np.float32)
HEADS = {
    "logits": [keras.layers.Dense(3)],
    "a softmax layer": [keras.layers.Dense(3), keras.layers.Softmax()],
    "an activation layer": [keras.layers.Dense(3), keras.layers.Activation("softmax")],
    "no bias": [keras.layers.Dense(3, use_bias=False, activation="softmax")],
}


def read(model: keras.Model, folder: Path) -> Original:
    path = save_as("keras", model, folder)
    return read_keras_file(FoundModel(Kind.KERAS, str(path)), NetworkSettings(image_size=SIZE))


def answers(original: Original) -> np.ndarray:
    return original.in_form(network_outputs(original.network, IMAGES).logits)


def of_the_file(original: Original, rows: list[int]) -> np.ndarray:
    outputs = original.outputs(IMAGES, rows)
    assert outputs is not None
    return outputs


@pytest.mark.parametrize("head", HEADS)
def test_a_file_may_end_in(head: str, tmp_path: Path) -> None:
    model = strokes_model(HEADS[head])
    original = read(model, tmp_path)
    expected = np.asarray(model(IMAGES, training=False))
    np.testing.assert_allclose(answers(original), expected, atol=1e-5)
    rows = [2, 0, 1]
    np.testing.assert_allclose(of_the_file(original, rows), expected[:, rows], atol=1e-6)


def test_a_sigmoid_becomes_two_classes(tmp_path: Path) -> None:
    model = strokes_model([keras.layers.Dense(1, activation="sigmoid")])
    original = read(model, tmp_path)
    second = np.asarray(model(IMAGES, training=False))[:, 0]
    np.testing.assert_allclose(answers(original)[:, 1], second, atol=1e-5)
    np.testing.assert_allclose(of_the_file(original, [0, 1])[:, 0], 1 - second, atol=1e-5)


def test_a_file_in_mixed_precision_becomes_a_network_in_float32(tmp_path: Path) -> None:
    model = strokes_model(policy="mixed_bfloat16")
    original = read(model, tmp_path)
    expected = np.asarray(model(IMAGES, training=False), np.float32)
    np.testing.assert_allclose(answers(original), expected, atol=0.05)
    assert original.network.to_float32().feature_dim == 16
    assert original.tolerance > 0.01


def test_dropout_before_the_logits_is_kept_for_training(tmp_path: Path) -> None:
    original = read(strokes_model(), tmp_path)
    assert original.settings.dropout == 0.3
    assert original.network.feature_dim == 16
