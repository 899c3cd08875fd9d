"""Run by test_center_loss.py: TensorFlow divides the CPU only before its first use in a process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from modules.transfer.losses.center_loss import CenterLoss, Reduction

Shard = tuple[np.ndarray, np.ndarray, np.ndarray]  # features, labels, weights


def _outcome(
    strategy: tf.distribute.Strategy, shards: Sequence[Shard], reduction: Reduction
) -> tuple[list[np.ndarray], float, np.ndarray]:
    """Trains one step; gives every replica's centers, the summed loss and the summed gradient."""
    with strategy.scope():
        center_loss = CenterLoss(4, 3, alpha=0.7, reduction=reduction)
        projection = tf.Variable(
            tf.ones([3, 3]), synchronization=tf.VariableSynchronization.ON_WRITE
        )
    center_loss.initialize(np.arange(12.0).reshape(4, 3))

    def step(features: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            projected = features @ projection
            loss = center_loss.loss(projected, labels, weights)
        center_loss.update(projected, labels, weights)
        return loss, tape.gradient(loss, projection)

    arguments = [
        strategy.experimental_distribute_values_from_function(
            lambda context, part=part: tf.constant(shards[context.replica_id_in_sync_group][part])
        )
        for part in range(3)
    ]
    losses, gradients = tf.function(lambda *values: strategy.run(step, args=values))(*arguments)
    total = strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)
    gradient = strategy.reduce(tf.distribute.ReduceOp.SUM, gradients, axis=None)
    centers = [copy.numpy() for copy in strategy.experimental_local_results(center_loss.centers)]
    return centers, float(total), gradient.numpy()


def main() -> None:
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert mirrored.num_replicas_in_sync == 2

    rng = np.random.default_rng(0)
    features = rng.normal(size=(9, 3)).astype(np.float32)
    labels = np.array([0, 1, 1, 1, 2, 0, 0, 1, 2])
    weights = np.array([1, 1, 0, 2, 1, 1, 1, 0.5, 1], np.float32)
    whole = (features, labels, weights)
    cases: list[tuple[int, Reduction]] = [(1, "mean"), (6, "sum")]
    for cut, reduction in cases:
        shards = [(features[rows], labels[rows], weights[rows]) for rows in np.s_[:cut, cut:]]
        one = _outcome(tf.distribute.get_strategy(), [whole], reduction)
        two = _outcome(mirrored, shards, reduction)
        assert len(two[0]) == 2
        for centers in two[0]:
            np.testing.assert_allclose(centers, one[0][0], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(two[1], one[1], rtol=1e-5)
        np.testing.assert_allclose(two[2], one[2], rtol=1e-4, atol=1e-4)
    print("2 replicas agree with 1")


if __name__ == "__main__":
    main()
