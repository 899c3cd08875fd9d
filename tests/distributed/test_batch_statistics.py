"""Batch normalization under several workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modules.models.checkpointing import read_checkpoint_variables
from modules.settings import NetworkSettings
from tests.distributed.test_training_workers import BUDGET, ONE, TWO, pretrain
from tests.training_domain import TinyDomains

pytestmark = pytest.mark.e2e


def test_two_workers_share_the_statistics_of_a_batch(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    network = NetworkSettings(name="tests.distributed.normalized_network:features", image_size=12)
    few = BUDGET.model_copy(update={"steps": 10})
    arrays = []
    for workers, name in ((ONE, "one"), (TWO, "two")):
        output = tmp_path / name
        pretrain(tiny_domains, output, network=network, pretraining=few, training=workers)
        arrays.append(read_checkpoint_variables(str(output / "model" / "checkpoint")))
    one, two = arrays
    assert np.abs(one["norm/moving_mean"]).max() > 0.01
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, atol=2e-4, err_msg=name)
