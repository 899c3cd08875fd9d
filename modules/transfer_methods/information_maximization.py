"""Information maximisation: predictions that are sure one by one, and balanced together."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.objectives import UNLABELLED, Objective, Stream, mean_over_batch

_SMALLEST_SHARE = 1e-8


class InformationMaximization(Objective):
    """The entropy of the predictions on unlabelled images, less that of their mean.

    Reference: Liang, Hu and Feng, Do We Really Need to Access the Source Data? (SHOT), ICML 2020,
    section 3.2, equations 3 and 4.

    Args:
        weight: Its factor.

    Example:
        >>> sure = tf.constant([[50.0, -50.0], [-50.0, 50.0]])
        >>> stream = Stream(None, None, None, None, sure)
        >>> losses = InformationMaximization(1.0).losses({"unlabelled": stream}, 0.0)
        >>> {name: round(float(loss), 4) for name, loss in losses.items()}
        {'entropy': 0.0, 'imbalance': -0.6931}
    """

    def __init__(self, weight: float) -> None:
        super().__init__(name="information_maximization")
        self.weight = weight

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns both parts; each replica balances its own shard."""
        log_shares = tf.nn.log_softmax(streams[UNLABELLED].logits)
        shares = tf.exp(log_shares)
        entropies = -tf.reduce_sum(shares * log_shares, axis=-1)
        mean = tf.reduce_mean(shares, axis=0)
        imbalance = tf.reduce_sum(mean * tf.math.log(mean + _SMALLEST_SHARE))
        return {
            "entropy": self.weight * mean_over_batch(entropies),
            "imbalance": tf.nn.scale_regularization_loss(self.weight * imbalance),
        }
