"""Fine-tuning trains on labelled target examples alone."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from modules.settings import TransferSettings
from modules.training.objectives import Stream
from modules.transfer.methods import MethodContext
from modules.transfer.methods.fine_tune import FineTune


def test_it_needs_the_target_and_nothing_else() -> None:
    assert FineTune.required_streams == {"target"}
    assert FineTune.optional_streams == set()


def test_its_loss_is_the_targets_mean_cross_entropy() -> None:
    logits = tf.constant([[2.0, 0.0], [0.0, 0.0]])
    target = Stream(tf.zeros([2, 1]), tf.constant([0, 1]), tf.range(2), tf.zeros([2, 3]), logits)
    method = FineTune(MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0))
    losses = method.losses({"target": target}, tf.constant(0.0))
    expected = (np.log1p(np.exp(-2)) + np.log(2)) / 2
    assert set(losses) == {"target_cross_entropy"}
    assert float(losses["target_cross_entropy"]) == pytest.approx(expected, rel=1e-5)
