"""Labels guessed for unlabelled images before the training, and the loss that fits them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.training.objectives import Stream, mean_over_batch


class GuessedLabels:
    """A label for some of a stream's images.

    Args:
        scores: [M, K]; an image's label is its best class.
        rows: int64 [M], which of the stream's images these are.
        kept: bool [M], those whose label counts.
        total: Images of the stream.
    """

    def __init__(self, scores: np.ndarray, rows: np.ndarray, kept: np.ndarray, total: int) -> None:
        labels, weights = np.zeros(total, np.int64), np.zeros(total, np.float32)
        labels[rows] = np.argmax(scores, axis=1)
        weights[rows[kept]] = total / np.count_nonzero(kept)
        self._labels, self._weights = tf.constant(labels), tf.constant(weights)

    def cross_entropy(self, stream: Stream) -> tf.Tensor:
        """Returns the mean over the images whose label counts, in expectation over batches."""
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.gather(self._labels, stream.rows), stream.logits
        )
        return mean_over_batch(tf.gather(self._weights, stream.rows) * losses)
