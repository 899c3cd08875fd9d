"""Center loss as an addition to any objective."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from modules.networks.outputs import network_outputs
from modules.settings import CenterLossSettings
from modules.training.objectives import Objective, Preparation, Stream
from modules.transfer.losses.center_loss import CenterLoss

# Examples per class and stream that the initial centers average: beyond these the means hardly
# move, and the source may hold millions.
_EXAMPLES_PER_CLASS = 100


class WithCenterLoss(Objective):
    """An objective with center loss on its labelled streams, whose domains share the centers.

    A center that follows only one or two examples does not average: the loss then merely shrinks
    the features. Such centers are held at the restored features, where they keep what the source
    taught.

    Reference: Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition,
    ECCV 2016, section 3.2.

    Args:
        objective: The objective to add to; its losses, variables and updates do not change.
        settings: Weight, reduction, and how the centers start and move.
        num_classes: K.
        feature_dim: D.

    Example:
        >>> objective = WithCenterLoss(CrossEntropy("source"), CenterLossSettings(), 10, 1024)
        >>> objective.center_loss.centers.shape
        TensorShape([10, 1024])
    """

    def __init__(
        self,
        objective: Objective,
        settings: CenterLossSettings,
        num_classes: int,
        feature_dim: int,
    ) -> None:
        super().__init__(name="with_center_loss")
        self.objective = objective
        self.center_loss = CenterLoss(num_classes, feature_dim, settings.alpha, settings.reduction)
        self._settings = settings
        self._moves = np.ones(num_classes, bool)
        self._held = 0

    def prepare(self, preparation: Preparation) -> None:
        """Prepares the objective; sets centers to class means, and holds those of few examples."""
        self.objective.prepare(preparation)
        if self._settings.initial_centers == "zeros":
            return
        self.center_loss.initialize(self._class_means(preparation))
        counts = self._labelled_examples(preparation)
        self._moves = counts >= self._settings.min_examples_to_move
        self._held = int(np.count_nonzero(~self._moves & (counts > 0)))
        if self._held:
            logging.getLogger(__name__).info(
                "Center loss holds %d of %d centers: fewer than %d labelled examples.",
                self._held,
                len(counts),
                self._settings.min_examples_to_move,
            )

    def facts(self) -> dict[str, float]:
        """Returns the objective's facts and the number of held centers."""
        return {**self.objective.facts(), "held_centers": self._held}

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the objective's losses and the weighted center loss."""
        features, labels = _labelled(streams)
        center_loss = self._settings.weight * self.center_loss.loss(features, labels)
        return {**self.objective.losses(streams, progress), "center_loss": center_loss}

    def extra_variables(self) -> Sequence[keras.Variable | tf.Variable]:
        """Returns the objective's variables; the centers are moved, not trained."""
        return self.objective.extra_variables()

    def scale_gradients(
        self,
        gradients: Sequence[tf.Tensor | None],
        variables: Sequence[keras.Variable | tf.Variable],
        progress: tf.Tensor,
    ) -> Sequence[tf.Tensor | None]:
        """Passes the gradients through the objective."""
        return self.objective.scale_gradients(gradients, variables, progress)

    def after_step(self, streams: Mapping[str, Stream]) -> None:
        """Moves the centers that are not held."""
        self.objective.after_step(streams)
        features, labels = _labelled(streams)
        # A row of weight 0 moves nothing.
        weights = tf.gather(tf.constant(self._moves, tf.float32), labels) if self._held else None
        self.center_loss.update(features, labels, weights)

    def _labelled_examples(self, preparation: Preparation) -> np.ndarray:
        """Counts the labelled examples of each class over all domains, int64 [K]."""
        size = self.center_loss.num_classes
        parts = [part for part in preparation.examples.values() if part.labels is not None]
        return sum(
            (np.bincount(part.known_labels, minlength=size) for part in parts),
            np.zeros(size, np.int64),
        )

    def _class_means(self, preparation: Preparation) -> np.ndarray:
        size = self.center_loss.num_classes
        labelled = [part for part in preparation.examples.values() if part.labels is not None]
        parts = [part.take(_first_of_each_class(part.known_labels, size)) for part in labelled]
        labels = np.concatenate([part.known_labels for part in parts])
        images = np.concatenate([part.images for part in parts])
        means = np.zeros((size, self.center_loss.feature_dim))
        np.add.at(means, labels, network_outputs(preparation.network, images).features)
        # A class without labelled examples keeps its center at zero.
        return means / np.maximum(np.bincount(labels, minlength=size), 1)[:, np.newaxis]


def _labelled(streams: Mapping[str, Stream]) -> tuple[tf.Tensor, tf.Tensor]:
    labelled = [stream for stream in streams.values() if stream.labels is not None]
    features = tf.concat([stream.features for stream in labelled], axis=0)
    return features, tf.concat([stream.labels for stream in labelled], axis=0)


def _first_of_each_class(labels: np.ndarray, num_classes: int) -> np.ndarray:
    rows = [np.flatnonzero(labels == label)[:_EXAMPLES_PER_CLASS] for label in range(num_classes)]
    return np.sort(np.concatenate(rows))
