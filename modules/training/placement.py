"""Where a training runs: in one process, on its accelerators, or as one of several workers."""

from __future__ import annotations

import contextlib
import functools
import logging
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from modules.core.errors import TrainingError
from modules.models.checkpointing import checkpoint_fingerprint
from modules.training.cluster import WorkerCluster

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingPlacement:
    """The replicas that a training runs on, and this process's place among them.

    Attributes:
        strategy: Holds the variables and reduces over the replicas.
        worker: Number of this process among the workers.
        workers: Processes that train together.
        replicas_per_worker: More than one where each worker has several accelerators.
    """

    strategy: tf.distribute.Strategy
    worker: int = 0
    workers: int = 1
    replicas_per_worker: int = 1

    @classmethod
    def of_one_device(cls) -> TrainingPlacement:
        """Uses this process alone, without a strategy."""
        return cls(tf.distribute.get_strategy())

    @classmethod
    def of_one_process(cls, *batch_sizes: int) -> TrainingPlacement:
        """Uses as many of this process's GPUs as can share the batches evenly, or its CPU.

        Args:
            batch_sizes: Batch sizes of all streams.
        """
        devices = tf.config.list_logical_devices("GPU")
        while len(devices) > 1 and any(size % len(devices) for size in batch_sizes):
            devices.pop()
        if len(devices) < 2:
            return cls.of_one_device()
        _logger.info("Training on %d GPUs.", len(devices))
        strategy = tf.distribute.MirroredStrategy([device.name for device in devices])
        return cls(strategy, replicas_per_worker=len(devices))

    @classmethod
    def of_worker(cls, cluster: WorkerCluster, timeout_seconds: int) -> TrainingPlacement:
        """Joins the other workers. Call it before TensorFlow has computed anything.

        Args:
            cluster: The cluster in TF_CONFIG, which TensorFlow also reads for itself.
            timeout_seconds: How long this worker waits for the others within a step.
        """
        options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=timeout_seconds)
        strategy = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
        here = strategy.num_replicas_in_sync // len(cluster)
        return cls(strategy, cluster.worker, len(cluster), here)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what the training leaves behind."""
        return self.worker == 0

    @property
    def replicas(self) -> int:
        """Number of replicas of all workers."""
        return self.workers * self.replicas_per_worker

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Creates the variables made inside once on each replica."""
        with self.strategy.scope(), tf.variable_creator_scope(_with_aggregation):
            yield

    def replica_batch(self, batch: Any) -> Any:
        """Returns a replica's part of its worker's batch, inside `strategy.run`.

        Args:
            batch: Nested tensors, [B, ...].

        Returns:
            The same, [B / replicas of the worker, ...].
        """
        here = self.replicas_per_worker
        if here == 1:
            return batch
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group % here

        def part(tensor: tf.Tensor) -> tf.Tensor:
            size = tensor.shape[0] // here
            return tf.ensure_shape(
                tensor[replica * size : (replica + 1) * size], [size, *tensor.shape[1:]]
            )

        return tf.nest.map_structure(part, batch)

    def sum_over_workers(self, value: int) -> int:
        """Adds up one number of each worker; waits until all have come this far."""
        return int(sum(self._gather(value)))

    def is_true_on_any_worker(self, value: bool) -> bool:
        """Whether a value is true on one worker at least; waits until all have come this far."""
        return any(self._gather(value))

    def check_agreement(self, what: str, text: str) -> None:
        """Waits for the other workers and refuses to continue if they differ.

        Args:
            what: What is compared, for the message.
            text: Must be the same in each worker.

        Raises:
            TrainingError: It is not the same.
        """
        own = zlib.crc32(text.encode())
        values = self._gather(own)
        differing = [str(worker) for worker, value in enumerate(values) if value != values[0]]
        if differing:
            raise TrainingError(
                f"Worker {', '.join(differing)} differs from worker 0 in {what}. Start all workers "
                "with the same image, configuration and files."
            )

    def check_weights(self, weights: Mapping[str, tf.Variable]) -> None:
        """Refuses a training after which the workers hold different weights.

        Raises:
            TrainingError: They differ.
        """
        if self.workers == 1:
            return
        fingerprint = checkpoint_fingerprint(
            {name: variable.numpy() for name, variable in weights.items()}
        )
        _logger.info("The weights' fingerprint is %s.", fingerprint)
        self.check_agreement("weights after the training", fingerprint)

    def _gather(self, value: int) -> list[int]:
        if self.workers == 1:
            return [value]
        own = [value if worker == self.worker else 0 for worker in range(self.workers)]
        summed = self._sum(tf.constant(own, tf.int64))
        return [int(number) // self.replicas_per_worker for number in summed.numpy()]

    @functools.cached_property
    def _sum(self) -> Callable[[tf.Tensor], tf.Tensor]:
        # Traced once: a training asks at each of its reports.
        def replica_fn(own: tf.Tensor) -> tf.Tensor:
            # A function's argument is on no device, which the reduction would ask for.
            return tf.distribute.get_replica_context().all_reduce(
                tf.distribute.ReduceOp.SUM, tf.identity(own)
            )

        @tf.function(autograph=False)
        def run(numbers: tf.Tensor) -> Any:
            return self.strategy.run(replica_fn, args=(numbers,))

        return lambda numbers: self.strategy.experimental_local_results(run(numbers))[0]


def _with_aggregation(next_creator: Any, **options: Any) -> tf.Variable:
    # Keras counts the seed of a dropout without naming the replica whose count holds.
    unknown = (None, tf.VariableAggregation.NONE)
    if options.get("aggregation") in unknown and not options.get("trainable", True):
        options["aggregation"] = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return next_creator(**options)
