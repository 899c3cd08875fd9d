"""Training batches as a function of seed and step, so a resumed training sees the same ones."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from modules.core.errors import ConfigError
from modules.examples.input_pipeline import PreprocessedExamples
from modules.images.augmentation_registry import Augmentation
from modules.sources.untuned_dataset import untuned
from modules.training.placement import TrainingPlacement

IMAGE = "image"
LABEL = "label"
ROW = "row"

Batch = dict[str, dict[str, tf.Tensor]]

_PARALLEL_BATCHES = 2
_PREFETCHED_BATCHES = 4


@dataclass(frozen=True)
class BatchStream:
    """A named stream of batches: which examples, how many a step, and in which order.

    Each pass over the examples is a new permutation, drawn from the seed, the stream's name and the
    pass. Batches run across the end of a pass, so all have the same size.

    Args:
        name: Streams with different names draw different permutations.
        examples: What the batches are drawn from; at least one example.
        batch_size: B.
        seed: Non-negative.
        augmentation: Distorts images while training.
        worker: Number of this worker.
        workers: Workers that share each batch. All choose the same B examples; each takes its part.
    """

    name: str
    examples: PreprocessedExamples
    batch_size: int
    seed: int
    augmentation: Augmentation | None = None
    worker: int = 0
    workers: int = 1

    def shared_by_data(self, placement: TrainingPlacement) -> BatchStream:
        """Returns the stream of this worker's parts of the same batches.

        All workers have the same examples and train on what one process would train on.

        Raises:
            ConfigError: The replicas cannot share a batch evenly.
        """
        self._check_divisible(placement)
        return replace(self, worker=placement.worker, workers=placement.workers)

    def shared_by_file(self, placement: TrainingPlacement) -> BatchStream:
        """Returns a stream of smaller batches, drawn from examples that only this worker has.

        Raises:
            ConfigError: The replicas cannot share a batch evenly.
        """
        self._check_divisible(placement)
        return replace(
            self,
            name=f"{self.name} of worker {placement.worker}",
            batch_size=self.batch_size // placement.workers,
        )

    def _check_divisible(self, placement: TrainingPlacement) -> None:
        if self.batch_size % placement.replicas:
            raise ConfigError(
                f"batch_size: {placement.replicas} replicas cannot share {self.batch_size} "
                f"{self.name} examples a step evenly. Choose a multiple of {placement.replicas}."
            )

    def rows(self, step: int) -> np.ndarray:
        """Chooses the examples of one step.

        Args:
            step: 0-based.

        Returns:
            Rows of the examples, int64 [B / workers].
        """
        total = len(self.examples)
        first = step * self.batch_size + self.worker * self._share
        positions = first + np.arange(self._share)
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
            `image` f32 [b, S, S, C], `row` i64 [b] and, unless they are withheld, `label` i64 [b],
            where b is B / workers.
        """
        rows = tf.ensure_shape(
            tf.numpy_function(self.rows, [step], tf.int64, stateful=False), [self._share]
        )
        images = tf.numpy_function(self._images, [rows], tf.float32, stateful=False)
        images = tf.ensure_shape(images, [self._share, *self.examples.images.shape[1:]])
        if self.augmentation is not None:
            # Each worker draws its own distortions: shared ones would be fewer in all.
            draw = tf.cast(step * self.workers + self.worker, tf.int32)
            images = self.augmentation(images, tf.stack([self._key[1], draw]))
        batch = {IMAGE: images, ROW: rows}
        if self.examples.labels is not None:
            batch[LABEL] = tf.gather(tf.constant(self.examples.labels), rows)
        return batch

    @property
    def _share(self) -> int:
        return self.batch_size // self.workers

    @property
    def _key(self) -> tuple[int, int]:
        return self.seed, zlib.crc32(f"{self.seed} {self.name}".encode()) >> 1

    def _images(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self.examples.images[rows])


def batch_dataset(streams: Mapping[str, BatchStream], steps: range) -> tf.data.Dataset:
    """Makes the batches of consecutive steps.

    Args:
        streams: At least one stream, by the name that its batches get.
        steps: Steps, 0-based. A step's batch does not depend on where the range starts.

    Returns:
        One element a step: by stream name, what `BatchStream.batch` returns.
    """

    def batches(step: tf.Tensor) -> Batch:
        return {name: stream.batch(step) for name, stream in streams.items()}

    dataset = tf.data.Dataset.range(steps.start, steps.stop).map(
        tf.autograph.experimental.do_not_convert(batches),
        num_parallel_calls=_PARALLEL_BATCHES,
        deterministic=True,
    )
    return untuned(dataset.prefetch(_PREFETCHED_BATCHES))


@functools.lru_cache(maxsize=8)
def _permutation(total: int, key: tuple[int, int], number: int) -> np.ndarray:
    return np.random.default_rng([*key, number]).permutation(total)
