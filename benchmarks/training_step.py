"""Training speed: this project's loop against `keras.Model.fit`, and both against the machine."""

from __future__ import annotations

import time
from collections.abc import Sequence

import keras

from benchmarks.figure import Figure, at_least, ratio
from benchmarks.limit.machine import has_amx
from benchmarks.limit.matrix_product import SIDE, matrix_product_speed
from benchmarks.limit.training_work import training_flops
from benchmarks.loop_speed import BATCH, STEPS, lenet, loop_speed, source_batches
from benchmarks.random_digits import random_digits
from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.network import LOGITS
from modules.networks.precision import choose_precision
from modules.training.objectives import SOURCE, CrossEntropy

_FLOAT32 = "float32"


def measure(repeats: int) -> list[Figure]:
    """Alternates `keras.Model.fit`, our loop and a matrix product, in each precision.

    The precisions are float32 and the default here. Each side's training FLOP/s, over those of the
    fastest product, say how near it is to the machine's limit.
    """
    examples = random_digits(STEPS * BATCH)
    default = choose_precision("auto")
    fits: dict[str, list[float]] = {_FLOAT32: [], default: []}
    loops: dict[str, list[float]] = {_FLOAT32: [], default: []}
    products: dict[str, list[float]] = {_FLOAT32: [], default: []}
    for _ in range(repeats):
        for precision in fits:
            batches = source_batches(examples)
            loops[precision].append(loop_speed(precision, CrossEntropy(SOURCE), batches))
            fits[precision].append(fit_speed(precision, examples))
            products[precision].append(matrix_product_speed(compute_dtype(precision)))
    figures = [Figure(f"keras.Model.fit, {name}", fits[name], "examples/s") for name in fits]
    figures += [Figure(f"training loop, {name}", loops[name], "examples/s") for name in loops]
    figures.append(
        ratio("loop / fit, both float32", loops[_FLOAT32], fits[_FLOAT32], at_least(1.25))
    )
    if default != _FLOAT32:
        # Without AMX a bfloat16 multiplication costs half of float32's, not an eighth.
        wanted = at_least(3.0) if has_amx() else None
        name = f"loop in {default} (default here) / fit in float32"
        figures.append(ratio(name, loops[default], fits[_FLOAT32], wanted))
        figures.append(ratio(f"loop / fit, both {default}", loops[default], fits[default]))
    for precision, speeds in products.items():
        figures += _shares_of_limit(precision, loops[precision], fits[precision], speeds)
    return figures


def _shares_of_limit(
    precision: str, loop: Sequence[float], fit: Sequence[float], products: Sequence[float]
) -> list[Figure]:
    work = training_flops(lenet(precision))
    # The fastest of the run: a product that something else slowed down is no limit.
    limit = max(products)
    name = f"{compute_dtype(precision)} matrix product, {SIDE} x {SIDE}"
    figures = [Figure(name, [flops / 1e9 for flops in products], "GFLOP/s")]
    for side, speeds in {"training loop": loop, "keras.Model.fit": fit}.items():
        shares = [work * examples / limit for examples in speeds]
        wanted = at_least(0.7) if speeds is loop and precision == _FLOAT32 else None
        name = f"{side}'s FLOP/s / matrix product's, {precision}"
        figures.append(Figure(name, shares, "times", wanted))
    return figures


def compute_dtype(precision: str) -> str:
    """Names the type that a dtype policy multiplies in."""
    return str(keras.dtype_policies.get(precision).compute_dtype)


def fit_speed(precision: str, examples: PreprocessedExamples) -> float:
    """Measures `Model.fit` on arrays in memory, in examples per second, after a warm-up."""
    network = lenet(precision)
    model = keras.Model(network.input, network.output[LOGITS])
    model.compile(
        keras.optimizers.Adam(1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    images, labels = examples.images, examples.known_labels
    model.fit(images[:BATCH], labels[:BATCH], batch_size=BATCH, verbose=0)
    started = time.perf_counter()
    model.fit(images, labels, batch_size=BATCH, verbose=0)
    return len(images) / (time.perf_counter() - started)
