"""Fine-tuning: the warm-started network trains on labelled target examples alone."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.training.objectives import TARGET, Stream, cross_entropy, mean_over_batch
from modules.transfer.method import TransferMethod


class FineTune(TransferMethod):
    """Transfer by parameter: cross-entropy on the target, from the source's weights.

    A learning rate well below the pretraining's preserves what the source taught. With few shots
    and a high rate the transfer turns negative.

    References:
        Yosinski et al., How Transferable Are Features in Deep Neural Networks?, NeurIPS 2014.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> target = Stream(None, tf.constant([1]), None, None, tf.zeros([1, 2]))
        >>> losses = FineTune(context).losses({"target": target}, 0.0)
        >>> {name: round(float(loss), 4) for name, loss in losses.items()}
        {'target_cross_entropy': 0.6931}
    """

    required_streams = frozenset({TARGET})

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the mean cross-entropy of the target's batch."""
        return {"target_cross_entropy": mean_over_batch(cross_entropy(streams[TARGET]))}
