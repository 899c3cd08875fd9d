"""How fast the project's training loop goes through LeNet's batches."""

from __future__ import annotations

import tempfile
from functools import partial

from modules.examples.input_pipeline import PreprocessedExamples
from modules.images.augmentation_registry import Augmentation
from modules.networks.registry import BuiltNetwork
from modules.settings import NetworkSettings, TrainingSettings
from modules.training.batches import BatchStream, batch_dataset
from modules.training.loop import MakeBatches
from modules.training.objectives import SOURCE, Objective
from modules.training.session import Budget, fit, new_network

STEPS = 60
BATCH = 100


def loop_speed(precision: str, objective: Objective, make_batches: MakeBatches) -> float:
    """Trains a new LeNet, tracing and checkpoints not counted.

    Args:
        precision: A Keras dtype policy.
        objective: What is minimised.
        make_batches: As the loop takes it.

    Returns:
        Examples per second, over all streams.
    """
    settings = TrainingSettings(summary_every_steps=STEPS, checkpoint_every_steps=STEPS)
    budget = Budget(STEPS, 1e-4, "constant")
    with tempfile.TemporaryDirectory() as directory:
        outcome = fit(lenet(precision), objective, make_batches, budget, settings, directory)
    return outcome.examples_per_second


def lenet(precision: str) -> BuiltNetwork:
    """Builds the default network for ten classes, from the same seed each time."""
    return new_network(NetworkSettings(), 10, seed=0, precision=precision)


def source_batches(
    examples: PreprocessedExamples, augmentation: Augmentation | None = None
) -> MakeBatches:
    """Makes the pretraining's batches of labelled examples."""
    stream = BatchStream(SOURCE, examples, BATCH, seed=0, augmentation=augmentation)
    return partial(batch_dataset, {SOURCE: stream})
