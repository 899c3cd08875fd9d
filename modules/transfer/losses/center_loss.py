"""Center loss: pulls each example's features towards the running center of its class."""

from __future__ import annotations

from typing import Literal

import numpy as np
import tensorflow as tf

Reduction = Literal["mean", "sum"]


class CenterLoss(tf.Module):
    """Center loss with its centers, which `update` moves and no gradient reaches.

    A `tf.train.Checkpoint` of the object saves and restores the centers. Rows count by their
    weight; a row of weight 0 has no effect, whatever its features and label are.

    In a replica of a `tf.distribute` strategy, `loss` returns the replica's share of the global
    batch's loss (the shares, and their gradients, sum to the loss of one replica that sees the
    whole batch), and `update` reduces sums and counts over the replicas before it divides.

    Reference: Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition,
    ECCV 2016, section 3.2, equations 2 to 4.

    Args:
        num_classes: K.
        feature_dim: D.
        alpha: Step size of the centers, in [0, 1].
        reduction: `mean`, weighted, over the batch; or `sum`, as in the paper.

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

    def loss(
        self,
        features: tf.Tensor,
        labels: tf.Tensor,
        sample_weight: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Computes half the squared distance between features and their class centers.

        Args:
            features: [N, D], any float type.
            labels: [N], integers in [0, K).
            sample_weight: [N], at least 0; None gives every row weight 1.

        Returns:
            A float32 scalar; 0 where all weights are 0.

        Raises:
            tf.errors.InvalidArgumentError: A label or weight is out of range.
        """
        features, labels, weights = self._checked(features, labels, sample_weight)
        offsets = features - tf.stop_gradient(tf.gather(self.centers, labels))
        if weights is None:
            total, counted = tf.nn.l2_loss(offsets), tf.cast(tf.size(labels), tf.float32)
        else:
            distances = 0.5 * tf.reduce_sum(tf.square(offsets), axis=-1)
            total, counted = tf.reduce_sum(weights * distances), tf.reduce_sum(weights)
        if self.reduction == "sum":
            return total
        return tf.math.divide_no_nan(total, _sum_over_replicas(counted))

    def update(
        self,
        features: tf.Tensor,
        labels: tf.Tensor,
        sample_weight: tf.Tensor | None = None,
    ) -> None:
        """Moves the center of each class in the batch towards its examples.

        Args:
            features: [N, D], any float type.
            labels: [N], integers in [0, K).
            sample_weight: [N], at least 0; None gives every row weight 1.

        Raises:
            tf.errors.InvalidArgumentError: A label or weight is out of range.
        """
        features, labels, weights = self._checked(features, labels, sample_weight)
        members = tf.one_hot(labels, self.num_classes)
        if weights is not None:
            members *= weights[:, tf.newaxis]
        sums = _sum_over_replicas(tf.matmul(members, features, transpose_a=True))
        counts = _sum_over_replicas(tf.reduce_sum(members, axis=0))[:, tf.newaxis]
        step = (counts * self.centers - sums) / (1.0 + counts)
        self.centers.assign_sub(self.alpha * step)

    def _checked(
        self, features: tf.Tensor, labels: tf.Tensor, sample_weight: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | None]:
        """Returns float32 features, int64 labels and float32 weights; rows of weight 0 as zeros."""
        features = tf.cast(features, tf.float32)
        labels = tf.convert_to_tensor(labels)
        if not labels.dtype.is_integer:
            raise TypeError(f"Expected integer labels, found {labels.dtype.name}.")
        labels = tf.cast(labels, tf.int64)
        shapes = [(features, ("N", self.feature_dim)), (labels, ("N",))]
        if sample_weight is None:
            tf.debugging.assert_shapes(shapes, message="Center loss")
            return features, self._valid(labels, []), None
        weights = tf.cast(sample_weight, tf.float32)
        tf.debugging.assert_shapes([*shapes, (weights, ("N",))], message="Center loss")
        # Selected, not multiplied: padding may hold NaN, and 0 * NaN is NaN.
        counted = weights != 0
        features = tf.where(counted[:, tf.newaxis], features, tf.zeros_like(features))
        labels = tf.where(counted, labels, tf.zeros_like(labels))
        return features, self._valid(labels, [weights]), weights

    def _valid(self, labels: tf.Tensor, weights: list[tf.Tensor]) -> tf.Tensor:
        """Returns the labels, of a graph only after the check of labels and weights."""
        in_range = (labels >= 0) & (labels < self.num_classes)
        expected = (
            f"Center loss: expected labels in [0, {self.num_classes}) and weights of at least 0"
        )
        valid = tf.debugging.Assert(
            tf.reduce_all([tf.reduce_all(in_range), *(tf.reduce_all(w >= 0) for w in weights)]),
            [expected, labels, *weights],
            summarize=100,
        )
        # In a graph nothing else makes the centers' update wait for the check.
        with tf.control_dependencies([valid]):
            return tf.identity(labels)


def _sum_over_replicas(value: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    if context is None:
        raise RuntimeError("Center loss runs inside strategy.run, where the replicas' batches are.")
    if context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
