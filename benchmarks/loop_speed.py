"""How fast the project's training loop goes through LeNet's batches."""

from __future__ import annotations

import tempfile
from functools import partial

import keras

from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.precision import precision_policy
from modules.networks.registry import build_network
from modules.settings import NetworkSettings, TrainingSettings
from modules.training.batches import Augmentation, BatchStream, batch_dataset
from modules.training.loop import MakeBatches, TrainingLoop
from modules.training.objectives import SOURCE, Objective
from modules.training.optimizers import build_optimizer

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
    with tempfile.TemporaryDirectory() as directory:
        loop = TrainingLoop(
            lenet(precision),
            objective,
            build_optimizer(1e-4, "constant", STEPS),
            TrainingSettings(summary_every_steps=STEPS, checkpoint_every_steps=STEPS),
            directory,
        )
        return loop.run(make_batches, STEPS).examples_per_second


def lenet(precision: str) -> keras.Model:
    """Builds the default network for ten classes, from the same seed each time."""
    keras.utils.set_random_seed(0)
    with precision_policy(precision):
        return build_network(NetworkSettings(), 10)


def source_batches(
    examples: PreprocessedExamples, augmentation: Augmentation | None = None
) -> MakeBatches:
    """Makes the pretraining's batches of labelled examples."""
    stream = BatchStream(SOURCE, examples, BATCH, seed=0, augmentation=augmentation)
    return partial(batch_dataset, {SOURCE: stream})
