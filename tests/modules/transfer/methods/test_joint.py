"""Joint training minimises one mean over both domains."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.settings import TransferSettings
from modules.training.objectives import Stream
from modules.transfer.methods import MethodContext
from modules.transfer.methods.joint import Joint


def stream(logits: np.ndarray, labels: np.ndarray) -> Stream:
    count = len(labels)
    return Stream(tf.zeros([count, 1]), labels, tf.range(count), tf.zeros([count, 2]), logits)


def losses(source: Stream, target: Stream) -> dict[str, float]:
    method = Joint(MethodContext(TransferSettings(), num_classes=2, feature_dim=2, seed=0))
    parts = method.losses({"source": source, "target": target}, tf.constant(0.0))
    return {name: float(value) for name, value in parts.items()}


def test_it_needs_labelled_examples_of_both_domains() -> None:
    assert Joint.required_streams == {"source", "target"}


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**31 - 1))
def test_the_parts_sum_to_the_mean_over_all_examples_of_the_step(
    sources: int, targets: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(sources + targets, 3)).astype(np.float32)
    labels = rng.integers(0, 3, sources + targets)
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits).numpy()
    parts = losses(
        stream(logits[:sources], labels[:sources]), stream(logits[sources:], labels[sources:])
    )
    assert sum(parts.values()) == pytest.approx(each.mean(), rel=1e-4)
    assert parts["source_cross_entropy"] == pytest.approx(
        each[:sources].sum() / len(each), rel=1e-4
    )
