"""Domain-adversarial training: features that a domain classifier cannot tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from modules.domains.label_space import EQUAL_CLASSES
from modules.training.objectives import (
    SOURCE,
    TARGET,
    UNLABELLED,
    Objective,
    Stream,
    mean_over_batch,
)
from modules.transfer.composition import JointComposition
from modules.transfer.method import MethodContext

# Steepness of the schedule (gamma in the paper, section 5.2.2).
_STEEPNESS = 10.0


class DomainAdversary(Objective):
    """A domain classifier that learns, and whose reversed gradient trains the features.

    Args:
        weight: Largest factor of the reversed gradient; it grows from 0 over the training.
        feature_dim: D.
        hidden_units: Width of the classifier's hidden layer.
        seed: Seed of the classifier's initial weights.

    Example:
        >>> adversary = DomainAdversary(0.1, feature_dim=4, hidden_units=8, seed=0)
        >>> [tuple(variable.shape) for variable in adversary.extra_variables()]
        [(4, 8), (8,), (8, 1), (1,)]
    """

    def __init__(self, weight: float, feature_dim: int, hidden_units: int, seed: int) -> None:
        super().__init__(name="domain_adversary")
        self.weight = weight
        self.hidden = _dense(hidden_units, "relu", seed)
        self.output = _dense(1, None, seed + 1)
        self.hidden.build([None, feature_dim])
        self.output.build([None, hidden_units])

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the classifier's loss; each domain counts as one half."""
        factor = self.weight * adversary_schedule(progress)
        per_domain = [
            mean_over_batch(self._losses(reverse_gradient(streams[name].features, factor), label))
            for name, label in ((SOURCE, 0.0), (UNLABELLED, 1.0))
        ]
        return {"domain_cross_entropy": 0.5 * tf.add_n(per_domain)}

    def extra_variables(self) -> Sequence[keras.Variable | tf.Variable]:
        """Returns the domain classifier's weights."""
        return [*self.hidden.trainable_variables, *self.output.trainable_variables]

    def _losses(self, features: tf.Tensor, label: float) -> tf.Tensor:
        logits = self.output(self.hidden(features))[:, 0]
        labels = tf.fill(tf.shape(logits), label)
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)


class Dann(JointComposition):
    """Transfer by feature: joint training against a domain classifier on the features.

    References:
        Ganin et al., Domain-Adversarial Training of Neural Networks, JMLR 2016, sections 4.2
        (gradient reversal) and 5.2.2 (schedule).

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> stream = Stream(None, tf.constant([1]), None, tf.zeros([1, 3]), tf.zeros([1, 2]))
        >>> losses = Dann(context).losses({"source": stream, "unlabelled": stream}, 0.0)
        >>> {name: round(float(loss), 4) for name, loss in losses.items()}
        {'source_cross_entropy': 0.6931, 'domain_cross_entropy': 0.6931}
    """

    required_streams = frozenset({SOURCE, UNLABELLED})
    optional_streams = frozenset({TARGET})
    # Features of different classes must not be made alike.
    label_relations = EQUAL_CLASSES

    def __init__(self, context: MethodContext) -> None:
        settings = context.settings.dann
        adversary = DomainAdversary(
            settings.weight, context.feature_dim, settings.hidden_units, context.seed
        )
        super().__init__(context, adversary)


def adversary_schedule(progress: tf.Tensor) -> tf.Tensor:
    """Rises from 0 to nearly 1, so that an untrained classifier does no harm.

    Args:
        progress: f32 scalar in [0, 1).

    Returns:
        f32 scalar in [0, 1).
    """
    return 2.0 * tf.sigmoid(_STEEPNESS * progress) - 1.0


def reverse_gradient(values: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Returns the values, and multiplies their gradient by minus the factor.

    Args:
        values: Any float tensor.
        factor: f32 scalar.

    Returns:
        The values.
    """

    # tf.custom_gradient would keep the graph around it in memory until the process ends.
    reversed_values = -factor * values
    return tf.stop_gradient(values) + (reversed_values - tf.stop_gradient(reversed_values))


def _dense(units: int, activation: str | None, seed: int) -> keras.layers.Dense:
    return keras.layers.Dense(
        units,
        activation,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        dtype="float32",
    )
