"""Stages of a network, and the learning rates that fall from one to the next."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from modules.networks.layer_depths import learning_rate_factors, stages_from_logits
from modules.networks.registry import build_network, freeze_layers
from modules.settings import NetworkSettings

LENET = NetworkSettings(image_size=8)
RESNET = NetworkSettings(name="resnet", image_size=16)
MOBILE = NetworkSettings(
    name="keras_application", model="MobileNetV3Small", image_size=32, channels=3
)


def test_lenets_layers_are_a_stage_each() -> None:
    assert stages_from_logits(build_network(LENET, 3)) == {
        "logits": 0,
        "features": 1,
        "conv2": 2,
        "conv1": 3,
    }


def test_resnets_stages_are_those_of_its_names() -> None:
    stages = stages_from_logits(build_network(RESNET, 3))
    found = {name.partition("_")[0]: stage for name, stage in stages.items() if "conv2" in name}
    assert found == {"stage3": 1, "stage2": 2, "stage1": 3}
    assert stages["stem_conv"] == 4


def test_squeezed_branches_belong_to_the_stage_that_they_are_in() -> None:
    stages = stages_from_logits(build_network(MOBILE, 3))
    assert stages["expanded_conv_squeeze_excite_conv"] == stages["expanded_conv_project"]
    order = ["logits", "conv_1", "expanded_conv_4_project", "expanded_conv_project", "conv"]
    assert all(stages[near] < stages[far] for near, far in pairwise(order))


@pytest.mark.parametrize("decay", [0.5, 1.0])
def test_factors_fall_with_the_stage_and_cover_what_is_trained(decay: float) -> None:
    network = build_network(LENET, 3)
    freeze_layers(network, ["conv1"])
    paths = [variable.path for variable in network.trainable_variables]
    factors = dict(zip(paths, learning_rate_factors(network, decay), strict=True))
    assert "conv1/kernel" not in factors
    np.testing.assert_allclose(
        [factors["conv2/kernel"], factors["features/bias"], factors["logits/kernel"]],
        [decay**2, decay, 1.0],
    )
