"""A network's outputs outside of training."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from modules.networks.outputs import network_outputs
from modules.networks.registry import build_network
from modules.settings import NetworkSettings


@pytest.mark.parametrize("count", [1, 300])
def test_they_are_what_a_direct_call_gives(count: int) -> None:
    keras.utils.set_random_seed(0)
    network = build_network(NetworkSettings(image_size=8, dropout=0.5), 3)
    images = np.random.default_rng(0).normal(size=(count, 8, 8, 1)).astype(np.float32)
    outputs = network_outputs(network, images)
    expected = network(images, training=False)
    np.testing.assert_allclose(outputs.features, expected["features"], atol=1e-4)
    np.testing.assert_allclose(outputs.logits, expected["logits"], atol=1e-4)
