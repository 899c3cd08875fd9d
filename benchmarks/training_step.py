"""Training speed: this project's loop against `keras.Model.fit`, same network, data and batch."""

from __future__ import annotations

import tempfile
import time
from functools import partial

import keras
import numpy as np

from modules.input_pipeline import PreprocessedExamples
from modules.networks import LOGITS, build_network
from modules.objectives import SOURCE, CrossEntropy
from modules.optimizers import build_optimizer
from modules.precision import precision_policy
from modules.settings import NetworkSettings, TrainingSettings
from modules.training_batches import BatchStream, batch_dataset
from modules.training_loop import TrainingLoop

_STEPS = 60
_BATCH = 100


def random_digits(count: int) -> PreprocessedExamples:
    """Makes images of noise: speed does not depend on what they show."""
    rng = np.random.default_rng(0)
    return PreprocessedExamples(
        images=rng.random((count, 28, 28, 1), np.float32),
        labels=rng.integers(0, 10, count),
        example_ids=np.array([f"{number:06d}".encode() for number in range(count)]),
    )


def loop_speed(precision: str, examples: PreprocessedExamples) -> float:
    """Measures our loop, its input pipeline included, in examples per second."""
    network = _network(precision)
    stream = BatchStream(SOURCE, examples, _BATCH, seed=0)
    with tempfile.TemporaryDirectory() as directory:
        settings = TrainingSettings(summary_every_steps=_STEPS, checkpoint_every_steps=_STEPS)
        optimizer = build_optimizer(1e-4, "constant", _STEPS)
        loop = TrainingLoop(network, CrossEntropy(SOURCE), optimizer, settings, directory)
        outcome = loop.run(partial(batch_dataset, {SOURCE: stream}), _STEPS)
    return outcome.examples_per_second


def fit_speed(precision: str, examples: PreprocessedExamples) -> float:
    """Measures `Model.fit` on arrays in memory, in examples per second, after a warm-up."""
    network = _network(precision)
    model = keras.Model(network.input, network.output[LOGITS])
    model.compile(
        keras.optimizers.Adam(1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    images = examples.images[: _STEPS * _BATCH]
    labels = examples.known_labels[: _STEPS * _BATCH]
    model.fit(images[:_BATCH], labels[:_BATCH], batch_size=_BATCH, verbose=0)
    started = time.perf_counter()
    model.fit(images, labels, batch_size=_BATCH, verbose=0)
    return len(images) / (time.perf_counter() - started)


def _network(precision: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    with precision_policy(precision):
        return build_network(NetworkSettings(), 10)
