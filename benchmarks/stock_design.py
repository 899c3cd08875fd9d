"""The default scenario against the same job in TFX's own MNIST design, both as whole processes.

The stock design reads images as floats; the time to write those is not counted.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.default_run import CONFIG
from benchmarks.figure import Figure, at_least, ratio
from benchmarks.stock_module import LABEL, PIXELS
from data.idx_arrays import read_idx_arrays
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT

_SIZE = 28


def measure(repeats: int) -> list[Figure]:
    """Alternates the two designs."""
    stock, ours = [], []
    with tempfile.TemporaryDirectory() as folder:
        domains = [str(Path(folder, name)) for name in ("mnist", "optdigits")]
        for domain in domains:
            write_float_examples(Path("data", Path(domain).name), Path(domain))
        for repeat in range(repeats):
            output = Path(folder, f"stock-{repeat}")
            output.mkdir()
            stock.append(seconds("benchmarks.stock_pipeline", *domains, str(output)))
            output = Path(folder, f"ours-{repeat}")
            ours.append(seconds("pipelines.cli", "run", CONFIG, "--output", str(output)))
    return [
        Figure("TFX's MNIST design, source and target", stock, "s"),
        Figure("default run, scratch control and report included", ours, "s"),
        ratio("stock design / default run", stock, ours, at_least(2)),
    ]


def seconds(module: str, *arguments: str) -> float:
    """Runs a module as a process of its own and returns its wall time."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-3000:]}")
    return time.perf_counter() - started


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
