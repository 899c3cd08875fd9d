"""The default scenario against the same job in TFX's own MNIST design, both as whole processes.

The stock design reads images as floats; the time to write those is not counted. It trains as long
as the default scenario did before its recipe was made shorter (`research.recipe_comparison`). One
more run shows what it does in as many steps as the default scenario takes now.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.default_run import run_default
from benchmarks.figure import Figure, at_least, ratio
from benchmarks.limit.machine import by_cpu
from benchmarks.stock_module import LABEL, PIXELS
from data.idx_arrays import read_idx_arrays
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT

_SIZE = 28


@dataclass
class Side:
    """Seconds and target accuracies, in percent, of one side's runs."""

    name: str
    seconds: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """Gives both as figures."""
        return [
            Figure(self.name, self.seconds, "s"),
            Figure("  of the target's eval images right", self.accuracies, "%"),
        ]


def measure(repeats: int) -> list[Figure]:
    """Alternates the designs."""
    stock = Side("TFX's MNIST design, source and target")
    short = Side("the same in the default scenario's number of steps")
    ours = Side("default run, scratch control and report included")
    with tempfile.TemporaryDirectory() as folder:
        domains = [str(Path(folder, name)) for name in ("mnist", "optdigits")]
        for domain in domains:
            write_float_examples(Path("data", Path(domain).name), Path(domain))
        _run_stock(short, [*domains, str(Path(folder, "short")), "--short"])
        for repeat in range(repeats):
            _run_stock(stock, [*domains, str(Path(folder, f"stock-{repeat}"))])
            run = run_default(Path(folder, f"ours-{repeat}"))
            ours.seconds.append(run.seconds)
            ours.accuracies.append(100 * run.result["arms"]["warm_start"]["accuracy"])
    wanted = at_least(by_cpu(2.2, 1.8))
    return [
        *(figure for side in (stock, short, ours) for figure in side.figures()),
        ratio("stock design / default run", stock.seconds, ours.seconds, wanted),
        ratio("stock design in as few steps / default run", short.seconds, ours.seconds[:1]),
    ]


def _run_stock(side: Side, arguments: list[str]) -> None:
    """Runs the stock design as a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.stock_pipeline", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"The stock design failed:\n{done.stderr[-3000:]}")
    side.seconds.append(time.perf_counter() - started)
    side.accuracies.append(100 * json.loads(done.stdout.splitlines()[-1])["accuracy"])


def write_float_examples(domain: Path, folder: Path) -> None:
    """Writes an IDX domain as the stock design reads it: 784 floats in [0, 1] and a class.

    Args:
        domain: Has grey IDX files; images are resized to 28x28.
        folder: For train.tfrecord and eval.tfrecord.
    """
    folder.mkdir(parents=True)
    for split in (TRAIN_SPLIT, EVAL_SPLIT):
        images, labels = read_idx_arrays(domain, split)
        resized = tf.image.resize(images[..., None] / np.float32(255), [_SIZE, _SIZE])
        with tf.io.TFRecordWriter(str(folder / f"{split}.tfrecord")) as writer:
            for pixels, label in zip(resized.numpy(), labels, strict=True):
                writer.write(_example(pixels.ravel(), int(label)).SerializeToString())


def _example(pixels: np.ndarray, label: int) -> tf.train.Example:
    features = {
        PIXELS: tf.train.Feature(float_list=tf.train.FloatList(value=pixels)),
        LABEL: tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features))
