"""The training loop: many steps per call of one compiled function, with exact resumption."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import keras
import tensorflow as tf

from modules.core.errors import TrainingError
from modules.core.interruption import Interrupted, stop_deferred, stop_requested
from modules.core.progress import report_progress, report_resumption
from modules.networks.network import FEATURES, LOGITS, Network, tf_variables
from modules.settings import TrainingSettings
from modules.training.batches import IMAGE, LABEL, ROW, Batch
from modules.training.checkpoints import TrainingCheckpoints
from modules.training.early_stopping import EarlyStopping
from modules.training.objectives import Objective, Stream
from modules.training.placement import TrainingPlacement

LOSS = "loss"

_SECONDS_BETWEEN_REPORTS = 0.5
# The longest that a request to stop waits, where steps take less.
_SECONDS_BETWEEN_LOOKS = 1.0

# This worker's batches of the given steps, 0-based: `batch_dataset` of
# `modules.training.batches`, bound.
MakeBatches = Callable[[range], tf.data.Dataset]


@dataclass(frozen=True)
class TrainingOutcome:
    """How a training went.

    Attributes:
        steps: Steps that the network has been trained for, those before a resumption included.
        resumed_at: Step that this call started at; 0 unless it resumed.
        seconds: Wall time of this call, tracing, summaries and checkpoints included.
        examples_per_second: Speed of the steps alone, over all streams; 0 where none was left.
        losses: The last step's `loss` and its parts, even where no step was left.
        facts: What `Objective.facts` returns.
        stopped: Why early stopping ended it; empty where it took all steps.
    """

    steps: int
    resumed_at: int
    seconds: float
    examples_per_second: float
    losses: dict[str, float]
    facts: dict[str, float] = field(default_factory=dict)
    stopped: str = ""

    @classmethod
    def untrained(cls) -> TrainingOutcome:
        """Returns the outcome of no training."""
        return cls(steps=0, resumed_at=0, seconds=0.0, examples_per_second=0.0, losses={})


class TrainingLoop:
    """Trains a network on an objective.

    Args:
        network: A Keras model or a restored graph.
        objective: What is minimised.
        optimizer: A Keras optimizer, not yet built.
        run_directory: For TensorBoard's files and the rolling checkpoints. Where it holds
            checkpoints of the same training, the training resumes from the latest one. Only the
            chief writes there.
        placement: Where the replicas are. Network, objective and optimizer were made in its scope.
            Defaults to one device.
        stopping: Ends the training before its last step.
    """

    def __init__(
        self,
        network: Network,
        objective: Objective,
        optimizer: keras.optimizers.Optimizer,
        settings: TrainingSettings,
        run_directory: str,
        placement: TrainingPlacement | None = None,
        stopping: EarlyStopping | None = None,
    ) -> None:
        self._placement = placement or TrainingPlacement.of_one_device()
        self._network = network
        self._objective = objective
        self._optimizer = optimizer
        self._settings = settings
        self._run_directory = run_directory
        self._stopping = stopping
        self._variables = tf_variables([*network.trainable_variables, *objective.extra_variables()])
        if not self._variables:
            raise TrainingError(
                "Nothing is left to train: transfer.frozen_layers holds every layer of the network."
            )
        with self._placement.scope():
            optimizer.build(self._variables)
        self._checkpoints = TrainingCheckpoints(
            network, optimizer, objective, settings, run_directory, self._placement, stopping
        )
        self._step = self._checkpoints.step
        self._loss_names: list[str] = []
        self._most_steps = 1

    def run(self, make_batches: MakeBatches, steps: int) -> TrainingOutcome:
        """Trains up to a number of steps.

        Args:
            make_batches: Gives the batches of any range of steps.
            steps: Most steps of the whole training, those before a resumption included.

        Returns:
            The outcome. The network is changed in place.

        Raises:
            Interrupted: A stop was requested; a checkpoint of the last step is saved.
            TrainingError: The loss is not finite.
        """
        started = time.perf_counter()
        first = self._checkpoints.resume()
        if first:
            report_resumption(first, steps)
        losses = self._checkpoints.last_losses
        busy = 0.0
        todo = range(first, first if self._has_stopped() else steps)
        batches = make_batches(todo)
        if todo:
            run_steps = self._compile(batches, steps)
            iterator = iter(batches)
        reported = 0.0
        writer = self._summary_writer()
        with self._checkpoints, writer.as_default(), stop_deferred():
            for boundary in self._boundaries(todo):
                if self._placement.is_true_on_any_worker(stop_requested()):
                    self._save(writer, losses)
                    raise Interrupted(
                        f"The training is saved at step {int(self._step)} of {steps}."
                    )
                clock, before = time.perf_counter(), int(self._step)
                result = run_steps(iterator, boundary - before)
                step = int(self._step)
                losses = self._finite_losses(result, step)
                seconds = time.perf_counter() - clock
                busy += seconds
                self._most_steps = max(1, int((step - before) / seconds * _SECONDS_BETWEEN_LOOKS))
                ends = step == steps or self._has_stopped()
                if step % self._settings.summary_every_steps == 0 or ends:
                    self._summarise(losses, step)
                if clock - reported > _SECONDS_BETWEEN_REPORTS or ends:
                    reported = clock
                    report_progress(step, steps, loss=losses[LOSS])
                if step % self._settings.checkpoint_every_steps == 0 or ends:
                    self._save(writer, losses)
                if ends:
                    break
        done = int(self._step)
        return TrainingOutcome(
            steps=done,
            resumed_at=first,
            seconds=time.perf_counter() - started,
            examples_per_second=(done - first) * self._batch_size(batches) / busy if busy else 0.0,
            losses=losses,
            facts=self._objective.facts(),
            stopped=self._stopping.reason if self._stopping and self._has_stopped() else "",
        )

    def _compile(
        self, batches: tf.data.Dataset, steps: int
    ) -> Callable[[Iterator[Batch], int], tf.Tensor]:
        # Traced before the steps are timed. AutoGraph has nothing to rewrite here.
        train_step = tf.function(self._global_step, autograph=False)
        total = tf.constant(steps, tf.int64)
        parts = train_step.get_concrete_function(batches.element_spec, total).output_shapes[0]

        @tf.function(autograph=False)
        def run_steps(iterator: Iterator[Batch], count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            """Returns the last step's loss parts, and the first step whose loss is not finite."""

            def body(
                done: tf.Tensor, losses: tf.Tensor, failed: tf.Tensor
            ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
                losses, finite = train_step(next(iterator), total)
                first_failure = tf.logical_and(failed < 0, tf.logical_not(finite))
                return done + 1, losses, tf.where(first_failure, self._step, failed)

            def goes_on(done: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
                if self._stopping is None:
                    return done < count
                return tf.logical_and(done < count, tf.logical_not(self._stopping.stopped))

            start = (0, tf.zeros(parts), tf.constant(-1, tf.int64))
            return tf.while_loop(goes_on, body, start)[1:]

        spec = tf.data.IteratorSpec(batches.element_spec)
        run_steps.get_concrete_function(spec, tf.TensorSpec([], tf.int32))
        return lambda iterator, count: run_steps(iterator, tf.constant(count, tf.int32))

    def _global_step(self, batch: Batch, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        strategy = self._placement.strategy
        progress = tf.cast(self._step / total, tf.float32)
        shares = strategy.run(self._replica_step, args=(batch, progress))
        losses = strategy.reduce(tf.distribute.ReduceOp.SUM, shares, axis=None)
        self._step.assign_add(1)
        if self._stopping is not None:
            self._stopping.after_step(losses[0])
        return losses, tf.math.is_finite(losses[0])

    def _replica_step(self, batch: Batch, progress: tf.Tensor) -> tf.Tensor:
        """Returns the replica's share of the loss and of its parts."""
        batch = self._placement.replica_batch(batch)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self._variables)
            streams = forward_streams(self._network, batch)
            losses = self._objective.losses(streams, progress)
            loss = tf.add_n(list(losses.values()))
        gradients = tape.gradient(loss, self._variables)
        gradients = self._objective.scale_gradients(gradients, self._variables, progress)
        self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))
        self._objective.after_step(streams)
        self._loss_names = [LOSS, *losses]
        return tf.stack([loss, *losses.values()])

    def _finite_losses(self, result: tuple[tf.Tensor, tf.Tensor], step: int) -> dict[str, float]:
        losses, failed = result
        values = dict(zip(self._loss_names, losses.numpy().tolist(), strict=True))
        if int(failed) >= 0:
            shown = ", ".join(f"{name} {value:g}" for name, value in values.items())
            raise TrainingError(
                f"The loss is not finite since training step {int(failed)} (at step {step}: "
                f"{shown}). Lower the learning rate, or set training.precision to float32."
            )
        return values

    def _has_stopped(self) -> bool:
        return self._stopping is not None and bool(self._stopping.stopped)

    def _boundaries(self, todo: range) -> Iterator[int]:
        """Yields the steps, 1-based, after which to save, to report or to look for requests."""
        periods = (self._settings.summary_every_steps, self._settings.checkpoint_every_steps)
        step = todo.start
        while step < todo.stop:
            ends = [step // period * period + period for period in periods]
            if self._placement.workers == 1:
                # Workers look together, and each has a speed of its own.
                ends.append(step + self._most_steps)
            step = min(todo.stop, *ends)
            yield step

    def _save(self, writer: tf.summary.SummaryWriter, losses: dict[str, float]) -> None:
        # Scalars first: a training killed in between would never write them again.
        writer.flush()
        self._checkpoints.save(losses)

    def _summarise(self, losses: Mapping[str, float], step: int) -> None:
        for name, value in losses.items():
            tag = name if name == LOSS else f"{LOSS}/{name}"
            tf.summary.scalar(tag, value, step=step)
        tf.summary.scalar("learning_rate", self._optimizer.learning_rate, step=step)

    def _summary_writer(self) -> tf.summary.SummaryWriter:
        if self._placement.is_chief:
            return tf.summary.create_file_writer(self._run_directory)
        return tf.summary.create_noop_writer()

    def _batch_size(self, batches: tf.data.Dataset) -> int:
        own = sum(stream[ROW].shape[0] for stream in batches.element_spec.values())
        return int(own * self._placement.workers)


def forward_streams(network: Network, batch: Batch, training: bool = True) -> dict[str, Stream]:
    """Runs the network once on all streams of a batch.

    Args:
        network: Called once on the images of all streams.
        batch: By stream name: `image`, `row` and, unless withheld, `label`.
        training: Whether dropout and the like are active.

    Returns:
        The streams, in alphabetical order.
    """
    names = sorted(batch)
    images = [batch[name][IMAGE] for name in names]
    outputs = network(images[0] if len(images) == 1 else tf.concat(images, 0), training=training)
    sizes = [tf.shape(stream)[0] for stream in images]
    features = tf.split(outputs[FEATURES], sizes)
    logits = tf.split(outputs[LOGITS], sizes)
    return {
        name: Stream(
            images=images[index],
            labels=batch[name].get(LABEL),
            rows=batch[name][ROW],
            features=features[index],
            logits=logits[index],
        )
        for index, name in enumerate(names)
    }
