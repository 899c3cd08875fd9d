"""Information maximisation: predictions that are sure one by one, and balanced together."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.core.untracked import Untracked
from modules.training.objectives import UNLABELLED, Objective, Preparation, Stream, mean_over_batch
from modules.transfer.losses.neighbourhood_guesses import guess_from_neighbourhoods


class InformationLoss(Objective):
    """The entropy of the predictions on unlabelled images, and the error of their mean.

    Entropy alone is least if all images are put into one class. The mean prediction is therefore
    compared with the target's class shares, estimated from neighbourhoods in the restored network's
    features. (SHOT assumes equal shares, which harms where they are not equal.)

    Reference: Liang, Hu and Feng, Do We Really Need to Access the Source Data? (SHOT), ICML 2020,
    section 3.2, equations 3 and 4.

    Args:
        weight: Factor of the loss.
    """

    def __init__(self, weight: float) -> None:
        super().__init__(name="information_loss")
        self.weight = weight
        # Computed from the data, the shares do not belong in checkpoints.
        self._shares: Untracked[tf.Tensor] | None = None

    def prepare(self, preparation: Preparation) -> None:
        """Estimates the classes' shares."""
        shares = guess_from_neighbourhoods(preparation).class_shares()
        self._shares = Untracked(tf.constant(shares))

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns both weighted parts; each replica balances its own shard."""
        if self._shares is None:
            raise RuntimeError("The classes' shares are estimated by prepare().")
        logits = streams[UNLABELLED].logits
        imbalance = divergence(logits, self._shares.value)
        return {
            "entropy": self.weight * mean_over_batch(entropies(logits)),
            "imbalance": tf.nn.scale_regularization_loss(self.weight * imbalance),
        }


def entropies(logits: tf.Tensor) -> tf.Tensor:
    """Computes the entropy of each prediction.

    Args:
        logits: f32 [N, K].

    Returns:
        f32 [N], in nats.

    Example:
        >>> round(float(entropies(tf.zeros([1, 2]))[0]), 4)
        0.6931
    """
    log_probabilities = tf.nn.log_softmax(logits)
    return -tf.reduce_sum(tf.exp(log_probabilities) * log_probabilities, axis=-1)


def divergence(logits: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
    """Computes the Kullback-Leibler divergence of the mean prediction from the classes' shares.

    Args:
        logits: f32 [N, K].
        shares: f32 [K], positive, with sum 1.

    Returns:
        f32 scalar, in nats.
    """
    log_mean = tf.reduce_logsumexp(tf.nn.log_softmax(logits), axis=0) - tf.math.log(
        tf.cast(tf.shape(logits)[0], tf.float32)
    )
    return tf.reduce_sum(tf.exp(log_mean) * (log_mean - tf.math.log(shares)))
