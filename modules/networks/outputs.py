"""A network's features and logits for arrays of images, outside of training."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from modules.networks.network import FEATURES, LOGITS, Network

_CHUNK = 256  # images at once


class NetworkOutputs(NamedTuple):
    """A network's outputs for N images.

    Attributes:
        features: f32 [N, D].
        logits: f32 [N, K].
    """

    features: np.ndarray
    logits: np.ndarray


def network_outputs(network: Network, images: np.ndarray) -> NetworkOutputs:
    """Runs a network in inference mode.

    Args:
        images: f32 [N, S, S, C], at least one.
    """
    shape = [None, *images.shape[1:]]

    @tf.function(autograph=False, input_signature=[tf.TensorSpec(shape, tf.float32)])
    def infer(chunk: tf.Tensor) -> dict[str, tf.Tensor]:
        return network(chunk, training=False)

    starts = range(0, len(images), _CHUNK)
    chunks = [infer(images[start : start + _CHUNK]) for start in starts]
    return NetworkOutputs(
        np.concatenate([chunk[FEATURES] for chunk in chunks]),
        np.concatenate([chunk[LOGITS] for chunk in chunks]),
    )
