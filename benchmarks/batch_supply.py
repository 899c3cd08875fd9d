"""What the input pipeline costs training: real batches against one batch kept in memory."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.figure import Figure, at_least, ratio
from benchmarks.loop_speed import BATCH, STEPS, loop_speed, source_batches
from benchmarks.random_digits import random_digits
from modules.images.augmentation import augment_images
from modules.networks.precision import choose_precision
from modules.training.loop import MakeBatches
from modules.training.objectives import SOURCE, CrossEntropy

_SIDES = {"as they are": None, "augmented": augment_images}


def measure(repeats: int) -> list[Figure]:
    """Alternates pretraining on all batches with pretraining on the first one only."""
    examples = random_digits(STEPS * BATCH)
    precision = choose_precision("auto")
    supplied: dict[str, list[float]] = {name: [] for name in _SIDES}
    in_memory = []
    for _ in range(repeats):
        batches = source_batches(examples)
        in_memory.append(loop_speed(precision, CrossEntropy(SOURCE), first_batch_only(batches)))
        for name, augmentation in _SIDES.items():
            batches = source_batches(examples, augmentation)
            supplied[name].append(loop_speed(precision, CrossEntropy(SOURCE), batches))
    return [
        ratio(f"loop, batches {name} / one batch in memory", values, in_memory, at_least(0.95))
        for name, values in supplied.items()
    ]


def first_batch_only(make_batches: MakeBatches) -> MakeBatches:
    """Repeats the first batch, which stays in memory."""
    batch = next(iter(make_batches(range(1))))
    return lambda steps: tf.data.Dataset.from_tensors(batch).repeat(len(steps))
