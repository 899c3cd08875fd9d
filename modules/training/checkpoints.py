"""The rolling checkpoints of a training, from which an interrupted one resumes."""

from __future__ import annotations

import json
import logging
import tempfile
from types import TracebackType

import keras
import tensorflow as tf

from modules.networks.network import Network, tf_variables
from modules.settings import TrainingSettings
from modules.training.early_stopping import EarlyStopping
from modules.training.objectives import Objective
from modules.training.placement import TrainingPlacement

CHECKPOINT_FOLDER = "training_checkpoints"


class TrainingCheckpoints:
    """Saves and restores the state of a training; everything drawn depends on the step alone.

    Every worker takes part in saving, because reading some variables takes all of them. Workers
    other than the chief write into a folder that is then removed.

    Args:
        network: Weights and state, such as the seeds of dropout.
        optimizer: Built.
        objective: Its state, such as centers.
        settings: How many checkpoints are kept.
        run_directory: For the chief's checkpoints. All workers restore from there.
        stopping: What has been seen of the loss, if anything watches it.

    Attributes:
        step: Steps done, an int64 variable.
        last_losses: Losses of the step that the latest checkpoint was saved after.
    """

    def __init__(
        self,
        network: Network,
        optimizer: keras.optimizers.Optimizer,
        objective: Objective,
        settings: TrainingSettings,
        run_directory: str,
        placement: TrainingPlacement,
        stopping: EarlyStopping | None = None,
    ) -> None:
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        self._saved_step = 0
        self._losses = _LastLosses()
        # Lists: a Keras model does not track all of its state, such as the seeds of dropout.
        self._checkpoint = tf.train.Checkpoint(
            network=tf_variables(network.variables),
            optimizer=tf_variables(optimizer.variables),
            objective=objective,
            step=self.step,
            last_losses=self._losses,
            **({} if stopping is None else {"early_stopping": stopping}),
        )
        self._shared = f"{run_directory.rstrip('/')}/{CHECKPOINT_FOLDER}"
        self._own = None if placement.is_chief else tempfile.TemporaryDirectory()
        self._manager = tf.train.CheckpointManager(
            self._checkpoint,
            self._own.name if self._own else self._shared,
            max_to_keep=settings.max_to_keep,
            keep_checkpoint_every_n_hours=settings.keep_checkpoint_every_n_hours,
        )

    def __enter__(self) -> TrainingCheckpoints:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._own:
            self._own.cleanup()

    @property
    def last_losses(self) -> dict[str, float]:
        """The losses that the latest checkpoint holds."""
        return self._losses.values

    def resume(self) -> int:
        """Restores the latest checkpoint, if there is one, and returns the steps done."""
        latest = tf.train.latest_checkpoint(self._shared)
        if latest:
            self._checkpoint.restore(latest).assert_consumed()
            self._saved_step = int(self.step)
            logging.getLogger(__name__).info("Resumed from step %d.", self._saved_step)
        return self._saved_step

    def save(self, losses: dict[str, float]) -> None:
        """Saves a checkpoint, if the current step has none, and removes those that are not kept."""
        step = int(self.step)
        if step == self._saved_step:
            return
        self._losses.values = losses
        self._manager.save(checkpoint_number=step)
        self._saved_step = step


class _LastLosses(tf.train.experimental.PythonState):
    """The latest losses, as part of a checkpoint."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def serialize(self) -> str:
        """Writes the losses into a checkpoint."""
        return json.dumps(self.values)

    def deserialize(self, string_value: bytes) -> None:
        """Reads the losses of a checkpoint."""
        self.values = json.loads(string_value)
