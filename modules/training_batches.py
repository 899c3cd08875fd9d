"""Training batches as a function of seed and step, so that a resumed training sees the same."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from modules.input_pipeline import PreprocessedExamples

IMAGE = "image"
LABEL = "label"
ROW = "row"

# Images f32 [B, S, S, C] and a stateless seed, int32 [2], to images of the same shape.
Augmentation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
Batch = dict[str, dict[str, tf.Tensor]]

_PARALLEL_BATCHES = 2
_PREFETCHED_BATCHES = 4


@dataclass(frozen=True)
class BatchStream:
    """A named stream of batches: which examples, how many a step, and in which order.

    Each pass over the examples is a new permutation, drawn from the seed, the stream's name and the
    pass; batches run across the end of a pass, so all have the same size.

    Args:
        name: Streams with different names draw different permutations.
        examples: What the batches are drawn from; at least one.
        batch_size: B.
        seed: Non-negative.
        augmentation: Distorts images while training.
    """

    name: str
    examples: PreprocessedExamples
    batch_size: int
    seed: int
    augmentation: Augmentation | None = None

    def rows(self, step: int) -> np.ndarray:
        """Chooses the examples of one step.

        Args:
            step: 0-based.

        Returns:
            int64 [B], rows of the examples.
        """
        total = len(self.examples)
        positions = step * self.batch_size + np.arange(self.batch_size)
        passes = positions // total
        return np.concatenate(
            [
                _permutation(total, self._key, int(number))[positions[passes == number] % total]
                for number in np.unique(passes)
            ]
        )

    def batch(self, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Gathers the batch of one step, inside a tf.data function.

        Args:
            step: int64 scalar, 0-based.

        Returns:
            `image` f32 [B, S, S, C], `row` i64 [B] and, unless they are withheld, `label` i64 [B].
        """
        rows = tf.ensure_shape(
            tf.numpy_function(self.rows, [step], tf.int64, stateful=False), [self.batch_size]
        )
        images = tf.numpy_function(self._images, [rows], tf.float32, stateful=False)
        images = tf.ensure_shape(images, [self.batch_size, *self.examples.images.shape[1:]])
        if self.augmentation is not None:
            images = self.augmentation(images, tf.stack([self._key[1], tf.cast(step, tf.int32)]))
        batch = {IMAGE: images, ROW: rows}
        if self.examples.labels is not None:
            batch[LABEL] = tf.gather(tf.constant(self.examples.labels), rows)
        return batch

    @property
    def _key(self) -> tuple[int, int]:
        return self.seed, zlib.crc32(f"{self.seed} {self.name}".encode()) >> 1

    def _images(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self.examples.images[rows])


def batch_dataset(streams: Mapping[str, BatchStream], steps: range) -> tf.data.Dataset:
    """Makes the batches of consecutive steps.

    Args:
        streams: At least one, by the name that its batches get.
        steps: Which steps, 0-based; where it starts makes no difference to any step's batch.

    Returns:
        One element a step: for each stream's name, what `BatchStream.batch` returns.
    """

    def batches(step: tf.Tensor) -> Batch:
        return {name: stream.batch(step) for name, stream in streams.items()}

    return (
        tf.data.Dataset.range(steps.start, steps.stop)
        .map(
            tf.autograph.experimental.do_not_convert(batches),
            num_parallel_calls=_PARALLEL_BATCHES,
            deterministic=True,
        )
        .prefetch(_PREFETCHED_BATCHES)
    )


@functools.lru_cache(maxsize=8)
def _permutation(total: int, key: tuple[int, int], number: int) -> np.ndarray:
    return np.random.default_rng([*key, number]).permutation(total)
