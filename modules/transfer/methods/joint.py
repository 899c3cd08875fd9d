"""Joint training: labelled source and target examples in every step."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.training.objectives import SOURCE, TARGET, Stream, cross_entropy, mean_over_batch
from modules.transfer.method import TransferMethod


class Joint(TransferMethod):
    """Transfer by parameter and instance: the source's examples hold the network in place.

    The loss is the mean over all source and target examples of the step, so the two batch sizes set
    the domains' shares. With few shots the source's examples keep the network from overfitting to
    the shots and from forgetting the source.

    References:
        Daumé III, Frustratingly Easy Domain Adaptation, ACL 2007, section 2.1 (ALL, WEIGHTED).

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> stream = Stream(None, tf.constant([1]), None, None, tf.zeros([1, 2]))
        >>> losses = Joint(context).losses({"source": stream, "target": stream}, 0.0)
        >>> {name: round(float(loss), 4) for name, loss in losses.items()}
        {'source_cross_entropy': 0.3466, 'target_cross_entropy': 0.3466}
    """

    required_streams = frozenset({SOURCE, TARGET})
    has_center_loss = True

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns each domain's part of the mean cross-entropy."""
        source, target = (cross_entropy(streams[name]) for name in (SOURCE, TARGET))
        source_share = _share(source, target)
        return {
            "source_cross_entropy": source_share * mean_over_batch(source),
            "target_cross_entropy": (1.0 - source_share) * mean_over_batch(target),
        }


def _share(part: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.size(part) / (tf.size(part) + tf.size(other)), tf.float32)
