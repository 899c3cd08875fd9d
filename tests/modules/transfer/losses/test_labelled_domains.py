"""Cross-entropy on the labelled examples that there are."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from modules.transfer.losses.labelled_domains import LabelledDomains
from modules.transfer.methods.joint import Joint
from tests.modules.transfer.tiny_transfer import PROGRESS, context, stream

SOURCE = stream(logits=np.array([[2.0, 0, 0], [0, 1, 0]]), labels=[0, 2])
TARGET = stream(logits=np.array([[0, 3.0, 0]]), labels=[1])


def losses(**streams: object) -> dict[str, float]:
    parts = LabelledDomains().losses(streams, tf.constant(PROGRESS))  # type: ignore[arg-type]
    return {name: float(loss) for name, loss in parts.items()}


def test_with_shots_it_is_joint_training() -> None:
    expected = Joint(context()).losses({"source": SOURCE, "target": TARGET}, tf.constant(PROGRESS))
    found = losses(source=SOURCE, target=TARGET, unlabelled=SOURCE)
    assert found == pytest.approx({name: float(loss) for name, loss in expected.items()}, rel=1e-5)


def test_without_shots_it_is_the_sources_mean() -> None:
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(SOURCE.labels, SOURCE.logits)
    assert losses(source=SOURCE, unlabelled=TARGET) == pytest.approx(
        {"source_cross_entropy": float(tf.reduce_mean(each))}, rel=1e-5
    )
