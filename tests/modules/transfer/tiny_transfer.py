"""A transfer that takes a second: a LeNet on images of 8 x 8, with three classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.registry import build_network
from modules.settings import NetworkSettings, TrainingSettings, TransferSettings
from modules.training.batches import BatchStream, batch_dataset
from modules.training.loop import TrainingLoop, TrainingOutcome
from modules.training.objectives import SOURCE, TARGET, UNLABELLED, Objective, Preparation, Stream
from modules.training.optimizers import build_optimizer
from modules.transfer.methods import MethodContext

CLASSES = 3
FEATURES = 1024
STEPS = 4
PROGRESS = 0.5
SETTINGS = TrainingSettings(
    precision="float32", checkpoint_every_steps=2, summary_every_steps=2, max_to_keep=3
)


def context(feature_dim: int = FEATURES, seed: int = 0, **transfer: Any) -> MethodContext:
    return MethodContext(TransferSettings(**transfer), CLASSES, feature_dim, seed)


def examples(count: int, seed: int, brightness: float = 1.0) -> PreprocessedExamples:
    """Images whose class is the bright row, on noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    images = rng.normal(0.0, 0.3, (count, 8, 8, 1)).astype(np.float32)
    images[np.arange(count), 2 * labels + 1] += brightness
    return PreprocessedExamples(images, labels, np.array([b"%08d" % row for row in range(count)]))


def domains(shots: int = 1) -> dict[str, PreprocessedExamples]:
    """Streams for any method; without shots the labelled target is missing."""
    target = examples(24, seed=2, brightness=0.6)
    streams = {SOURCE: examples(48, seed=1), UNLABELLED: target.without_labels()}
    if shots:
        streams[TARGET] = target.take(np.arange(shots * CLASSES))
    return streams


def network(seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return build_network(NetworkSettings(image_size=8), CLASSES)


def preparation(
    model: keras.Model, streams: dict[str, PreprocessedExamples] | None = None
) -> Preparation:
    def copy() -> keras.Model:
        other = network()
        other.set_weights(model.get_weights())
        return other

    return Preparation(model, domains() if streams is None else streams, copy)


def stream(
    features: Any = None,
    logits: Any = None,
    labels: list[int] | None = None,
    rows: list[int] | None = None,
) -> Stream:
    """A stream of which only the given parts matter; gradients reach given variables."""
    given = next(part for part in (features, logits, labels, rows) if part is not None)
    count = tf.shape(given)[0]
    return Stream(
        images=tf.zeros([count, 8, 8, 1]),
        labels=None if labels is None else tf.constant(labels, tf.int64),
        rows=tf.range(count) if rows is None else tf.constant(rows),
        features=_tensor(features, [count, 2]),
        logits=_tensor(logits, [count, CLASSES]),
    )


def _tensor(values: Any, shape: list) -> tf.Tensor:
    return tf.zeros(shape) if values is None else tf.cast(values, tf.float32)


def train(
    method: Objective,
    streams: dict[str, PreprocessedExamples],
    directory: Path,
    steps: int = STEPS,
    killed_before: int | None = None,
) -> tuple[keras.Model, TrainingOutcome]:
    """Trains a new network; a training that is killed raises OutOfRangeError."""
    model = network()
    method.prepare(preparation(model, streams))
    batches = {name: BatchStream(name, data, 6, seed=0) for name, data in streams.items()}
    optimizer = build_optimizer(1e-3, "constant", steps)
    loop = TrainingLoop(model, method, optimizer, SETTINGS, str(directory))
    given = -1 if killed_before is None else killed_before
    return model, loop.run(lambda steps: batch_dataset(batches, steps).take(given), steps)
