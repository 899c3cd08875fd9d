"""Maximum mean discrepancy: the domains' features are drawn to the same distribution."""

from __future__ import annotations

import tensorflow as tf

from modules.domains.label_space import EQUAL_CLASSES
from modules.training.objectives import SOURCE, TARGET, UNLABELLED
from modules.transfer.composition import JointComposition
from modules.transfer.losses.feature_alignment import FeatureAlignment
from modules.transfer.losses.pairwise import squared_distances
from modules.transfer.method import MethodContext

# Widths of the kernels, as multiples of the mean squared distance between two examples.
_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)


class Mmd(JointComposition):
    """Transfer by feature: joint training that makes the domains' features indistinguishable.

    References:
        Gretton et al., A Kernel Two-Sample Test, JMLR 2012, section 2.2, equation 5.
        Long et al., Learning Transferable Features with Deep Adaptation Networks, ICML 2015,
        section 3.1 (several kernels at once).

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> stream = Stream(None, tf.constant([1]), None, tf.zeros([1, 3]), tf.zeros([1, 2]))
        >>> losses = Mmd(context).losses({"source": stream, "unlabelled": stream}, 0.0)
        >>> sorted(losses)
        ['mmd', 'source_cross_entropy']
    """

    required_streams = frozenset({SOURCE, UNLABELLED})
    optional_streams = frozenset({TARGET})
    # Features of different classes must not be made alike.
    label_relations = EQUAL_CLASSES

    def __init__(self, context: MethodContext) -> None:
        alignment = FeatureAlignment("mmd", mean_discrepancy, context.settings.mmd.weight)
        super().__init__(context, alignment)


def mean_discrepancy(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Computes the squared maximum mean discrepancy of two samples, averaged over RBF kernels.

    This is the biased estimate, which is never negative, and 0 for equal samples. The kernels'
    widths follow the examples' distances; no gradient flows through them.

    Args:
        one: f32 [N, D].
        other: f32 [M, D].

    Returns:
        f32 scalar in [0, 2].

    Example:
        >>> ones = tf.ones([2, 1])
        >>> [round(float(mean_discrepancy(ones, other)), 4) for other in (ones, 1 - ones)]
        [0.0, 1.5486]
    """
    count = tf.shape(one)[0]
    distances = squared_distances(tf.concat([one, other], axis=0))
    scale = tf.stop_gradient(tf.reduce_mean(distances))
    kernels = tf.add_n(
        [tf.exp(-tf.math.divide_no_nan(distances, width * scale)) for width in _WIDTHS]
    )
    kernels /= float(len(_WIDTHS))
    within = tf.reduce_mean(kernels[:count, :count]) + tf.reduce_mean(kernels[count:, count:])
    return within - 2.0 * tf.reduce_mean(kernels[:count, count:])
