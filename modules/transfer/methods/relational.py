"""Relational transfer: the source model's distances and angles between examples are kept."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.core.untracked import Untracked
from modules.networks.network import FEATURES, Network
from modules.settings.methods import RelationalSettings
from modules.training.objectives import TARGET, UNLABELLED, Objective, Preparation, Stream
from modules.transfer.composition import Composition
from modules.transfer.losses.pairwise import squared_distances
from modules.transfer.method import MethodContext
from modules.transfer.methods.fine_tune import FineTune


class RelationsToKeep(Objective):
    """Distances and angles between unlabelled target images, compared with the source model's.

    Args:
        settings: Factors of the two losses.
    """

    def __init__(self, settings: RelationalSettings) -> None:
        super().__init__(name="relations_to_keep")
        self.settings = settings
        # The frozen model does not belong in the training's checkpoints.
        self._teacher: Untracked[Network] | None = None

    def prepare(self, preparation: Preparation) -> None:
        """Keeps a copy of the network as it is now."""
        self._teacher = Untracked(preparation.copy_network())

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the weighted losses; each replica relates the examples of its own shard."""
        if self._teacher is None:
            raise RuntimeError("Relations are compared with a model that prepare() copies.")
        # Not the shots: they repeat within a batch, and an example has no relation to itself.
        stream = streams[UNLABELLED]
        teacher = tf.stop_gradient(self._teacher.value(stream.images, training=False)[FEATURES])
        parts = {
            "distance_relations": self.settings.distance_weight
            * distance_relation_loss(stream.features, teacher),
            "angle_relations": self.settings.angle_weight
            * angle_relation_loss(stream.features, teacher),
        }
        return {name: tf.nn.scale_regularization_loss(part) for name, part in parts.items()}


class Relational(Composition):
    """Transfer by relation: fine-tuning that keeps the source model's geometry of the target.

    References:
        Park, Kim, Lu and Cho, Relational Knowledge Distillation, CVPR 2019, sections 3.2.1
        (distances) and 3.2.2 (angles).

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> sorted(Relational(context).required_streams)
        ['target', 'unlabelled']
    """

    required_streams = frozenset({TARGET, UNLABELLED})

    def __init__(self, context: MethodContext) -> None:
        relations = RelationsToKeep(context.settings.relational)
        super().__init__(context, FineTune(context), relations)


def distance_relation_loss(student: tf.Tensor, teacher: tf.Tensor) -> tf.Tensor:
    """Compares distances between pairs, in units of their mean.

    Args:
        student: f32 [N, D].
        teacher: f32 [N, E].

    Returns:
        f32 scalar: mean Huber loss; 0 if the two differ only by a similarity transform.
    """
    return _mean_huber(_relative_distances(student), _relative_distances(teacher))


def angle_relation_loss(student: tf.Tensor, teacher: tf.Tensor) -> tf.Tensor:
    """Compares the cosines of the angles that any three examples form.

    Args:
        student: f32 [N, D].
        teacher: f32 [N, E].

    Returns:
        f32 scalar: mean Huber loss; 0 if the two differ only by a similarity transform.
    """
    return _mean_huber(_angles(student), _angles(teacher))


def _relative_distances(features: tf.Tensor) -> tf.Tensor:
    distances = _root(squared_distances(features))
    pairs = tf.math.count_nonzero(distances, dtype=tf.float32)
    return tf.math.divide_no_nan(distances * pairs, tf.reduce_sum(distances))


def _angles(features: tf.Tensor) -> tf.Tensor:
    """Cosines [N, N, N] at the first example, from there to the two others.

    Computed from squared distances by the law of cosines; the differences would be [N, N, D].
    """
    squares = squared_distances(features)
    distances = _root(squares)
    opposite = squares[None, :, :]
    products = 0.5 * (squares[:, :, None] + squares[:, None, :] - opposite)
    return tf.math.divide_no_nan(products, distances[:, :, None] * distances[:, None, :])


def _root(squares: tf.Tensor) -> tf.Tensor:
    # The root's slope at 0, where an example meets itself, is infinite.
    positive = squares > 0.0
    return tf.where(positive, tf.sqrt(tf.where(positive, squares, 1.0)), 0.0)


def _mean_huber(values: tf.Tensor, expected: tf.Tensor) -> tf.Tensor:
    error = tf.abs(values - expected)
    return tf.reduce_mean(tf.where(error < 1.0, 0.5 * tf.square(error), error - 0.5))
