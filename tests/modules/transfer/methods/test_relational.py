"""Relations between target images stay what the source model made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.settings.methods import RelationalSettings
from modules.training.loop import forward_streams
from modules.transfer.methods.relational import (
    Relational,
    RelationsToKeep,
    angle_relation_loss,
    distance_relation_loss,
)
from tests.modules.transfer.tiny_transfer import (
    PROGRESS,
    context,
    domains,
    network,
    preparation,
    train,
)

LOSSES = (distance_relation_loss, angle_relation_loss)


def sample(rows: int, columns: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


def huber(error: np.ndarray) -> float:
    error = np.abs(error)
    return float(np.where(error < 1, 0.5 * error**2, error - 0.5).mean())


def relative_distances(rows: np.ndarray) -> np.ndarray:
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=-1)
    return distances / distances[distances > 0].mean()


def angles(rows: np.ndarray) -> np.ndarray:
    steps = rows[None] - rows[:, None]
    lengths = np.linalg.norm(steps, axis=-1, keepdims=True)
    units = np.divide(steps, lengths, out=np.zeros_like(steps), where=lengths > 0)
    return np.einsum("jid,jkd->jik", units, units)


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 7), st.integers(0, 2**31 - 1))
def test_the_losses_are_those_of_the_paper(rows: int, seed: int) -> None:
    student, teacher = sample(rows, 4, seed), sample(rows, 5, seed + 1)
    tensors = tf.constant(student), tf.constant(teacher)
    assert float(distance_relation_loss(*tensors)) == pytest.approx(
        huber(relative_distances(student) - relative_distances(teacher)), rel=1e-2, abs=1e-4
    )
    assert float(angle_relation_loss(*tensors)) == pytest.approx(
        huber(angles(student) - angles(teacher)), rel=1e-2, abs=1e-4
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_scaling_turning_and_moving_all_features_changes_no_relation(loss: object) -> None:
    features = sample(6, 4, 0)
    rotation, _ = np.linalg.qr(sample(4, 4, 1))
    similar = tf.constant(3.0 * features @ rotation + 2.0)
    assert float(loss(similar, tf.constant(features))) < 1e-5  # type: ignore[operator]


@pytest.mark.parametrize("loss", LOSSES)
def test_equal_examples_give_finite_gradients(loss: object) -> None:
    student = tf.Variable(np.repeat(sample(2, 3, 0), 2, axis=0))
    with tf.GradientTape() as tape:
        value = loss(student, tf.constant(sample(4, 3, 1)))  # type: ignore[operator]
    assert np.isfinite(float(value))
    assert np.isfinite(tape.gradient(value, student)).all()


def test_the_losses_are_zero_at_the_start_and_grow_as_the_network_leaves_it(tmp_path: Path) -> None:
    data = {name: domains()[name] for name in ("target", "unlabelled")}
    method = Relational(context(relational=RelationalSettings(distance_weight=0, angle_weight=0)))
    _, outcome = train(method, data, tmp_path / "once", steps=1)
    relations = RelationsToKeep(RelationalSettings())
    start = network()
    relations.prepare(preparation(start, data))
    assert outcome.losses["distance_relations"] == 0.0

    def parts(model: object) -> dict[str, float]:
        batch = {"unlabelled": {"image": data["unlabelled"].images, "row": np.arange(24)}}
        streams = forward_streams(model, batch, training=False)  # type: ignore[arg-type]
        losses = relations.losses(streams, tf.constant(PROGRESS))
        return {name: float(loss) for name, loss in losses.items()}

    assert max(parts(start).values()) < 1e-6
    start.get_layer("features").kernel.assign_add(0.05 * sample(256, 1024, 3))
    assert min(parts(start).values()) > 1e-4


def test_the_source_model_is_no_part_of_the_checkpoints(tmp_path: Path) -> None:
    method = Relational(context())
    assert method.variables == ()
    data = {name: domains()[name] for name in ("target", "unlabelled")}
    train(method, data, tmp_path)
    assert method.variables == ()


def test_losses_before_preparing_are_refused() -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        RelationsToKeep(RelationalSettings()).losses({}, tf.constant(PROGRESS))
