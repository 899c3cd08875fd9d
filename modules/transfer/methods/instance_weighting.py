"""Instance weighting: source examples count by how much they look like the target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from modules.core.untracked import Untracked
from modules.networks.outputs import network_outputs
from modules.training.objectives import (
    SOURCE,
    TARGET,
    UNLABELLED,
    Preparation,
    Stream,
    cross_entropy,
)
from modules.transfer.losses.density_ratio import density_ratio
from modules.transfer.losses.labelled_domains import labelled_losses
from modules.transfer.method import MethodContext, TransferMethod


class InstanceWeighting(TransferMethod):
    """Transfer by instance: joint training with source examples weighted by a density ratio.

    The ratio of the domains' densities is estimated once, before the training, by a domain
    classifier on the restored network's features. The weights average 1 within each class, so the
    classes keep their shares.

    References:
        Bickel, Brückner and Scheffer, Discriminative Learning for Differing Training and Test
        Distributions, ICML 2007, section 3.

    Example:
        >>> sorted(InstanceWeighting.required_streams), sorted(InstanceWeighting.optional_streams)
        (['source', 'unlabelled'], ['target'])
    """

    required_streams = frozenset({SOURCE, UNLABELLED})
    optional_streams = frozenset({TARGET})
    has_center_loss = True

    def __init__(self, context: MethodContext) -> None:
        super().__init__(context)
        # Computed from the data, the weights do not belong in checkpoints.
        self._weights: Untracked[tf.Tensor] | None = None

    def prepare(self, preparation: Preparation) -> None:
        """Weighs the source's examples."""
        settings = self.context.settings.instance_weighting
        source, target = (preparation.examples[name] for name in (SOURCE, UNLABELLED))
        ratio = density_ratio(
            network_outputs(preparation.network, source.images).features,
            network_outputs(preparation.network, target.images).features,
            settings.components,
            settings.mixture,
        )
        weights = balanced_weights(ratio, source.known_labels)
        self._weights = Untracked(tf.constant(weights, tf.float32))

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns each labelled domain's part of the mean cross-entropy."""
        if self._weights is None:
            raise RuntimeError("Source examples are weighed by prepare().")
        per_example = {
            name: cross_entropy(streams[name]) for name in (SOURCE, TARGET) if name in streams
        }
        per_example[SOURCE] *= tf.gather(self._weights.value, streams[SOURCE].rows)
        return labelled_losses(per_example)


def balanced_weights(ratio: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Scales weights so that they average 1 in each class.

    Args:
        ratio: float64 [N], positive.
        labels: int64 [N].

    Returns:
        float64 [N].
    """
    counts = np.bincount(labels)
    sums = np.bincount(labels, ratio)
    return ratio * (counts / np.maximum(sums, np.finfo(np.float64).tiny))[labels]
