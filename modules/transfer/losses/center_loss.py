"""Center loss: pulls each example's features towards the running center of its class."""

from __future__ import annotations

from typing import Literal

import numpy as np
import tensorflow as tf

Reduction = Literal["mean", "sum"]


class CenterLoss(tf.Module):
    """Center loss with its centers, which `update` moves and no gradient reaches.

    A `tf.train.Checkpoint` of the object saves and restores the centers.

    In a replica of a `tf.distribute` strategy, `loss` returns the replica's share of the global
    batch's loss (the shares, and their gradients, sum to the loss of one replica that sees the
    whole batch), and `update` reduces sums and counts over the replicas before it divides.

    Reference: Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition,
    ECCV 2016, section 3.2, equations 2 to 4.

    Args:
        num_classes: K.
        feature_dim: D.
        alpha: Step size of the centers, in [0, 1].
        reduction: `mean` over the batch; or `sum`, as in the paper.

    Raises:
        ValueError: An argument is out of range.

    Example:
        >>> center_loss = CenterLoss(num_classes=2, feature_dim=1, alpha=0.5)
        >>> features, labels = tf.constant([[2.0]]), tf.constant([1])
        >>> float(center_loss.loss(features, labels))
        2.0
        >>> center_loss.update(features, labels)
        >>> center_loss.centers.numpy().tolist()
        [[0.0], [0.5]]
    """

    def __init__(
        self,
        num_classes: int,
        feature_dim: int,
        alpha: float,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(name="center_loss")
        if num_classes < 1 or feature_dim < 1:
            raise ValueError(f"Expected positive sizes, found {num_classes} and {feature_dim}.")
        if not 0 <= alpha <= 1:
            raise ValueError(f"Expected alpha in [0, 1], found {alpha}.")
        if reduction not in ("mean", "sum"):
            raise ValueError(f"Expected reduction 'mean' or 'sum', found '{reduction}'.")
        self.num_classes = num_classes
        self.feature_dim = feature_dim
        self.alpha = alpha
        self.reduction = reduction
        self._moves = np.ones((num_classes, 1), np.float32)
        # Every replica computes the same step, from reduced sums: one of them may write it.
        self.centers = tf.Variable(
            tf.zeros([num_classes, feature_dim]),
            trainable=False,
            name="centers",
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )

    def initialize(self, class_means: np.ndarray | tf.Tensor) -> None:
        """Sets the centers, such as to the class means of the restored features.

        Args:
            class_means: [K, D], finite.

        Raises:
            ValueError: Another shape, or a value that is not finite.
        """
        centers = np.asarray(class_means, dtype=np.float32)
        if centers.shape != (self.num_classes, self.feature_dim):
            raise ValueError(
                f"Expected centers of shape {(self.num_classes, self.feature_dim)}, "
                f"found {centers.shape}."
            )
        if not np.isfinite(centers).all():
            raise ValueError("Expected finite centers; has a class no example to average?")
        self.centers.assign(centers)

    def hold(self, classes: np.ndarray) -> None:
        """Keeps the centers of some classes where they are.

        Args:
            classes: bool [K], true where `update` moves nothing.
        """
        self._moves = np.where(classes, 0.0, 1.0).astype(np.float32)[:, np.newaxis]

    def loss(self, features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Computes half the squared distance between features and their class centers.

        Args:
            features: [N, D], any float type.
            labels: [N], integers in [0, K).

        Returns:
            A float32 scalar; 0 for an empty batch.

        Raises:
            tf.errors.InvalidArgumentError: A label is out of range.
        """
        features, labels = self._checked(features, labels)
        total = tf.nn.l2_loss(features - tf.stop_gradient(tf.gather(self.centers, labels)))
        if self.reduction == "sum":
            return total
        count = _sum_over_replicas(tf.cast(tf.size(labels), tf.float32))
        return tf.math.divide_no_nan(total, count)

    def update(self, features: tf.Tensor, labels: tf.Tensor) -> None:
        """Moves the center of each class in the batch towards its examples.

        Args:
            features: [N, D], any float type.
            labels: [N], integers in [0, K).

        Raises:
            tf.errors.InvalidArgumentError: A label is out of range.
        """
        features, labels = self._checked(features, labels)
        members = tf.one_hot(labels, self.num_classes)
        sums = _sum_over_replicas(tf.matmul(members, features, transpose_a=True))
        counts = _sum_over_replicas(tf.reduce_sum(members, axis=0))[:, tf.newaxis]
        step = (counts * self.centers - sums) / (1.0 + counts)
        self.centers.assign_sub(self.alpha * step * self._moves)

    def _checked(self, features: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns float32 features and int64 labels, in a graph only after a check of both."""
        features = tf.cast(features, tf.float32)
        labels = tf.convert_to_tensor(labels)
        if not labels.dtype.is_integer:
            raise TypeError(f"Expected integer labels, found {labels.dtype.name}.")
        labels = tf.cast(labels, tf.int64)
        shapes = [(features, ("N", self.feature_dim)), (labels, ("N",))]
        tf.debugging.assert_shapes(shapes, message="Center loss")
        valid = tf.debugging.Assert(
            tf.reduce_all((labels >= 0) & (labels < self.num_classes)),
            [f"Center loss: expected labels in [0, {self.num_classes})", labels],
            summarize=100,
        )
        # In a graph nothing else makes the centers' update wait for the check.
        with tf.control_dependencies([valid]):
            return features, tf.identity(labels)


def _sum_over_replicas(value: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    if context is None:
        raise RuntimeError("Center loss runs inside strategy.run, where the replicas' batches are.")
    if context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
