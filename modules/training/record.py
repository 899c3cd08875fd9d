"""training.json: what one training did, written after everything else of it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any

import tensorflow as tf

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError, one_line

TRAINING_FILE = "training.json"
# Metric: steps in which the training met each of its images for the first time. A loss of these
# steps is a held-out one.
FIRST_PASS_STEPS = "first_pass_steps"


@dataclass(frozen=True)
class TrainingRecord:
    """What one training did.

    Attributes:
        arm: `pretrained`, `scratch` or `warm_start`.
        steps: Training steps; 0 where the network was not trained.
        stopped: Why early stopping ended the training; empty where it took all of its steps.
        seconds: Wall time of the training, without data preparation and export.
        examples_per_second: Training speed over all streams of examples.
        precision: The Keras dtype policy of the training.
        labelled_examples: Labelled examples of the arm's own domain that training used.
        labelled_example_ids: Their ids, ascending, for the arms on the target domain.
        seed: The seed.
        metrics: Scalars by name, such as the last step's losses.
        transfer: Of a warm start: its `method`, what it was `chosen_because` of, and its `start`.
    """

    arm: str
    steps: int
    seconds: float
    examples_per_second: float
    precision: str
    labelled_examples: int
    seed: int
    stopped: str = ""
    labelled_example_ids: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    transfer: dict[str, Any] = field(default_factory=dict)

    def write(self, directory: str) -> None:
        """Writes training.json in one step into a ModelRun artifact, which is made if missing."""
        tf.io.gfile.makedirs(directory)
        content = json.dumps(asdict(self), indent=2) + "\n"
        write_atomically(os.path.join(directory, TRAINING_FILE), content)

    @staticmethod
    def exists(directory: str) -> bool:
        """Whether the training whose ModelRun artifact this is has finished."""
        return bool(tf.io.gfile.exists(os.path.join(directory, TRAINING_FILE)))

    @classmethod
    def read(cls, directory: str) -> TrainingRecord:
        """Reads what `write` wrote.

        Raises:
            DataError: There is no record: the training did not finish.
        """
        path = os.path.join(directory, TRAINING_FILE)
        try:
            with tf.io.gfile.GFile(path) as file:
                return cls(**json.loads(file.read()))
        except (tf.errors.OpError, ValueError, TypeError) as error:
            raise DataError(
                path,
                expected="the record of a finished training",
                found=one_line(error)[:200],
                fix="Run the training again.",
            ) from error
