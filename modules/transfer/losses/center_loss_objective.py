"""Center loss as a part of any method."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.network import Network
from modules.networks.outputs import network_outputs
from modules.settings import CenterLossSettings
from modules.training.objectives import Objective, Preparation, Stream
from modules.transfer.losses.center_loss import CenterLoss

# Examples per class and stream that the initial centers average: beyond these the means hardly
# move, and the source may hold millions.
_EXAMPLES_PER_CLASS = 100


class CenterLossObjective(Objective):
    """Center loss on all labelled streams, whose domains share the centers.

    A center that follows only one or two examples does not average: the loss then merely shrinks
    the features. Such centers are held at the restored features, where they keep what the source
    taught.

    Reference: Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition,
    ECCV 2016, section 3.2.

    Args:
        settings: Weight, reduction, and how the centers start and move.
        num_classes: K.
        feature_dim: D.
    """

    def __init__(self, settings: CenterLossSettings, num_classes: int, feature_dim: int) -> None:
        super().__init__(name="center_loss_objective")
        self.center_loss = CenterLoss(num_classes, feature_dim, settings.alpha, settings.reduction)
        self._settings = settings
        self._held = 0

    def prepare(self, preparation: Preparation) -> None:
        """Sets the centers to class means, and holds those of few examples."""
        if self._settings.initial_centers == "zeros":
            return
        labelled = [part for part in preparation.examples.values() if part.labels is not None]
        self.center_loss.initialize(self._class_means(preparation.network, labelled))
        labels = np.concatenate([part.known_labels for part in labelled])
        counts = np.bincount(labels, minlength=self.center_loss.num_classes)
        too_few = counts < self._settings.min_examples_to_move
        self.center_loss.hold(too_few)
        self._held = int(np.count_nonzero(too_few & (counts > 0)))
        if self._held:
            logging.getLogger(__name__).info(
                "Center loss holds %d of %d centers: fewer than %d labelled examples.",
                self._held,
                len(counts),
                self._settings.min_examples_to_move,
            )

    def facts(self) -> dict[str, float]:
        """Returns the number of held centers."""
        return {"held_centers": self._held}

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the weighted center loss."""
        return {"center_loss": self._settings.weight * self.center_loss.loss(*_labelled(streams))}

    def after_step(self, streams: Mapping[str, Stream]) -> None:
        """Moves the centers that are not held."""
        self.center_loss.update(*_labelled(streams))

    def _class_means(
        self, network: Network, labelled: Sequence[PreprocessedExamples]
    ) -> np.ndarray:
        size = self.center_loss.num_classes
        parts = [part.take(_first_of_each_class(part.known_labels, size)) for part in labelled]
        labels = np.concatenate([part.known_labels for part in parts])
        images = np.concatenate([part.images for part in parts])
        means = np.zeros((size, self.center_loss.feature_dim))
        np.add.at(means, labels, network_outputs(network, images).features)
        # A class without labelled examples keeps its center at zero.
        return means / np.maximum(np.bincount(labels, minlength=size), 1)[:, np.newaxis]


def _labelled(streams: Mapping[str, Stream]) -> tuple[tf.Tensor, tf.Tensor]:
    labelled = [stream for stream in streams.values() if stream.labels is not None]
    features = tf.concat([stream.features for stream in labelled], axis=0)
    return features, tf.concat([stream.labels for stream in labelled], axis=0)


def _first_of_each_class(labels: np.ndarray, num_classes: int) -> np.ndarray:
    rows = [np.flatnonzero(labels == label)[:_EXAMPLES_PER_CLASS] for label in range(num_classes)]
    return np.sort(np.concatenate(rows))
