"""What a training minimises: a contract, and cross-entropy on one stream of labelled examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.network import Network
from modules.networks.outputs import NetworkOutputs, network_outputs

SOURCE = "source"
TARGET = "target"
UNLABELLED = "unlabelled"


class Stream(NamedTuple):
    """One stream's part of a training batch, with the network's outputs for it.

    Attributes:
        images: f32 [B, S, S, C], after augmentation.
        labels: i64 [B]; None in a stream whose labels are withheld.
        rows: i64 [B], which of the stream's examples these are: the key to values that were
            computed per example beforehand.
        features: f32 [B, D].
        logits: f32 [B, K].
    """

    images: tf.Tensor
    labels: tf.Tensor | None
    rows: tf.Tensor
    features: tf.Tensor
    logits: tf.Tensor


@dataclass(frozen=True)
class Preparation:
    """What an objective may use once, before the first step.

    Attributes:
        network: The network before its first step, warm-started or not.
        examples: The examples of each stream, by name.
        copy_network: Makes another network with the same weights, such as a frozen teacher.
        masks: What is added to the logits of a stream, f32 [K]; nothing where it has no mask.
    """

    network: Network
    examples: Mapping[str, PreprocessedExamples]
    copy_network: Callable[[], Network]
    masks: Mapping[str, np.ndarray] = field(default_factory=dict)

    def outputs(self, stream: str, images: np.ndarray) -> NetworkOutputs:
        """Computes the network's outputs for images of a stream, f32 [N, S, S, C], masked."""
        outputs = network_outputs(self.network, images)
        if stream not in self.masks:
            return outputs
        return outputs._replace(logits=outputs.logits + self.masks[stream])


class Objective(tf.Module):
    """What a training minimises.

    `tf.Variable`s, Keras layers and modules that are attributes, at any depth, are saved in the
    training's checkpoints and restored when it resumes.
    """

    def prepare(self, preparation: Preparation) -> None:
        """Computes what the training starts from, such as anchors or weights of source examples.

        A resumed training prepares again, with the same result, before its state is restored. By
        default there is nothing to prepare.
        """

    def facts(self) -> dict[str, float]:
        """Returns what `prepare` found that the training's record should keep; by default nothing.

        Returns:
            Scalars by name. Names of losses are taken.
        """
        return {}

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes the parts whose sum is minimised; traced once, so no Python `if` on tensors.

        Under a distribution strategy each part is the replica's share of the global batch's loss,
        as `mean_over_batch` computes it.

        Args:
            streams: By name; the same names each step.
            progress: Share of the steps that are done, f32 scalar in [0, 1).

        Returns:
            Named f32 scalars, already weighted.
        """
        raise NotImplementedError

    def extra_variables(self) -> Sequence[keras.Variable | tf.Variable]:
        """Lists what is trained besides the network, such as a discriminator's weights."""
        return ()

    def scale_gradients(
        self,
        gradients: Sequence[tf.Tensor | None],
        variables: Sequence[keras.Variable | tf.Variable],
        progress: tf.Tensor,
    ) -> Sequence[tf.Tensor | None]:
        """Changes gradients before they are applied; by default not at all.

        Args:
            gradients: One per variable; None where the loss does not depend on it.
            variables: The network's trainable variables, then the extra ones.
            progress: As for `losses`.

        Returns:
            One gradient per variable, in the same order.
        """
        del variables, progress
        return gradients

    def after_step(self, streams: Mapping[str, Stream]) -> None:
        """Updates state that no gradient reaches; by default there is none.

        Args:
            streams: The step's streams, as the network saw them before the step.
        """


class CrossEntropy(Objective):
    """Softmax cross-entropy on one stream.

    Reference for smoothed labels: Szegedy et al., Rethinking the Inception Architecture for
    Computer Vision, CVPR 2016, section 7.

    Args:
        stream: The stream's name; it must have labels.
        label_smoothing: Share of each label that is spread evenly over all classes, in [0, 1).

    Example:
        >>> objective = CrossEntropy("source")
        >>> logits, labels = tf.zeros([1, 2]), tf.constant([0])
        >>> stream = Stream(None, labels, None, None, logits)
        >>> round(float(objective.losses({"source": stream}, 0.0)["cross_entropy"]), 4)
        0.6931
    """

    def __init__(self, stream: str, label_smoothing: float = 0.0) -> None:
        super().__init__(name="cross_entropy")
        self.stream = stream
        self.label_smoothing = label_smoothing

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the mean over the stream's batch."""
        stream = streams[self.stream]
        return {"cross_entropy": mean_over_batch(cross_entropy(stream, self.label_smoothing))}


def cross_entropy(stream: Stream, label_smoothing: float = 0.0) -> tf.Tensor:
    """Computes softmax cross-entropy per example, f32 [B].

    Args:
        stream: Has labels.
        label_smoothing: Share of each label that is spread evenly over all classes, in [0, 1).
    """
    own = tf.nn.sparse_softmax_cross_entropy_with_logits(stream.labels, stream.logits)
    if not label_smoothing:
        return own
    of_all = -tf.reduce_mean(tf.nn.log_softmax(stream.logits), axis=-1)
    return (1 - label_smoothing) * own + label_smoothing * of_all


def mean_over_batch(losses: tf.Tensor) -> tf.Tensor:
    """Averages over the global batch: replicas' shares, and their gradients, sum to the mean.

    Args:
        losses: f32 [B], one per example.

    Returns:
        f32 scalar.
    """
    return tf.nn.compute_average_loss(losses)
