"""The growth benchmark's data and its measure of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.grown_mnist import MNIST_IMAGES, write_grown_mnist
from benchmarks.growth import GrownRun, to_markdown
from benchmarks.process_memory import Memory, MemorySampler
from modules.sources.files import ByteStream
from modules.sources.formats import open_source
from modules.sources.idx import read_header


def images_of(folder: Path) -> np.ndarray:
    content = np.fromfile(folder / "train-images-idx3-ubyte", np.uint8)
    return content[16:].reshape(-1, 28, 28)


def test_grown_mnist_is_mnist_and_then_its_distorted_images(tmp_path: Path) -> None:
    folder = write_grown_mnist(tmp_path / "grown", MNIST_IMAGES + 500)
    images = images_of(folder)
    assert len(images) == MNIST_IMAGES + 500
    with ByteStream("data/mnist/train-images-idx3-ubyte.gz") as stream:
        read_header(stream, (8,), (3,))
        first = np.frombuffer(stream.read_exactly(500 * 784, "images"), np.uint8)
    originals, distorted = images[:500], images[MNIST_IMAGES:]
    np.testing.assert_array_equal(originals.ravel(), first)
    assert all((before != after).any() for before, after in zip(originals, distorted, strict=True))
    # Characters, not noise: as much ink as before, but for the contrast.
    assert 0.7 < distorted.mean() / originals.mean() < 0.9
    shards = open_source("idx", str(folder)).shards("train")
    assert sum(len(shard.labels() or ()) for shard in shards) == len(images)


def test_the_same_arguments_write_the_same_files(tmp_path: Path) -> None:
    first, again = (write_grown_mnist(tmp_path / name, 100) for name in ("first", "again"))
    for path in first.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_memory_of_child_processes_counts_and_the_peak_is_kept() -> None:
    hold = "import time; kept = b'x' * 200_000_000; time.sleep(1); del kept; time.sleep(1)"
    command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    process = subprocess.Popen([sys.executable, "-c", command])
    with MemorySampler(process.pid) as sampler:
        process.wait()
        peak = sampler.take_peak()
        assert sampler.take_peak() == Memory()
    assert peak.resident >= peak.anonymous >= 200_000_000


def test_the_table_has_growth_and_memory_of_each_component() -> None:
    names = ["SourceExampleGen", "SourceStatisticsGen", "ImageSchemaGen", "SourceValidator"]
    names += ["Transform", "TargetValidator", "PretrainTrainer"]
    runs = [
        GrownRun(
            60_000 * scale,
            dict.fromkeys(names, 2.0 * scale),
            dict.fromkeys(names, Memory(scale * 2**30, 2**30)),
        )
        for scale in (1, 10)
    ]
    table = to_markdown(runs).splitlines()
    assert (
        table[0] == "| component | s, 60,000 | s, 600,000 | growth | GiB, 60,000 | GiB, 600,000 |"
    )
    assert "| data components | 12.0 | 120.0 | 10.0 | 1.00 | 10.00 |" in table
    assert table[-1] == "| all, without pages of files |  |  |  | 1.00 | 1.00 |"
    assert runs[1].data_seconds == 120
    assert runs[1].peak == Memory(10 * 2**30, 2**30)
