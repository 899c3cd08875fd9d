"""Deep CORAL: the domains' features are drawn to the same covariance."""

from __future__ import annotations

import tensorflow as tf

from modules.domains.label_space import EQUAL_CLASSES
from modules.training.objectives import SOURCE, TARGET, UNLABELLED
from modules.transfer.composition import JointComposition
from modules.transfer.losses.feature_alignment import FeatureAlignment
from modules.transfer.method import MethodContext


class Coral(JointComposition):
    """Transfer by feature: joint training that aligns second-order statistics of the domains.

    References:
        Sun and Saenko, Deep CORAL: Correlation Alignment for Deep Domain Adaptation, ECCV 2016
        Workshops, section 3.1, equations 1 to 3, without the constant 1 / (4 D^2), which only
        rescales the weight.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> stream = Stream(None, tf.constant([1]), None, tf.zeros([1, 3]), tf.zeros([1, 2]))
        >>> losses = Coral(context).losses({"source": stream, "unlabelled": stream}, 0.0)
        >>> sorted(losses)
        ['coral', 'source_cross_entropy']
    """

    required_streams = frozenset({SOURCE, UNLABELLED})
    optional_streams = frozenset({TARGET})
    # Features of different classes must not be made alike.
    label_relations = EQUAL_CLASSES

    def __init__(self, context: MethodContext) -> None:
        weight = context.settings.coral.weight
        alignment = FeatureAlignment("coral", covariance_distance, weight)
        super().__init__(context, alignment)


def covariance_distance(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Computes the squared Frobenius distance between two covariance matrices.

    With N + M rows it takes O((N + M)^2 D) instead of the O((N + M) D^2) of the matrices.

    Args:
        one: f32 [N, D].
        other: f32 [M, D].

    Returns:
        f32 scalar.

    Example:
        >>> float(covariance_distance(tf.constant([[0.0], [2.0]]), tf.constant([[5.0], [5.0]])))
        4.0
    """
    one, other = (_centred(features) for features in (one, other))
    within_one = tf.reduce_sum(tf.square(tf.matmul(one, one, transpose_b=True)))
    within_other = tf.reduce_sum(tf.square(tf.matmul(other, other, transpose_b=True)))
    between = tf.reduce_sum(tf.square(tf.matmul(one, other, transpose_b=True)))
    # Rounding may make a zero distance negative.
    return tf.nn.relu(within_one + within_other - 2.0 * between)


def _centred(features: tf.Tensor) -> tf.Tensor:
    """Rows whose Gram matrix has the covariance's inner products: X^T X is the covariance."""
    degrees = tf.cast(tf.maximum(tf.shape(features)[0] - 1, 1), tf.float32)
    return (features - tf.reduce_mean(features, axis=0)) / tf.sqrt(degrees)
