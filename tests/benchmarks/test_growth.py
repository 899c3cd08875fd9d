"""The growth benchmark's data and its measure of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.growth import GrownRun, peak_by_component, to_table
from benchmarks.process_memory import Memory, sample_memory
from data.idx_arrays import read_idx_arrays
from data.write_grown_mnist import MNIST, MNIST_IMAGES, write_grown_mnist


def test_grown_mnist_is_mnist_and_then_its_distorted_images(tmp_path: Path) -> None:
    folder = write_grown_mnist(tmp_path / "grown", MNIST_IMAGES + 500)
    images, labels = read_idx_arrays(folder, "train")
    originals, classes = read_idx_arrays(MNIST, "train")
    assert len(images) == len(labels) == MNIST_IMAGES + 500
    np.testing.assert_array_equal(images[:MNIST_IMAGES], originals)
    np.testing.assert_array_equal(labels, [*classes, *classes[:500]])
    distorted = images[MNIST_IMAGES:]
    assert all((new != old).any() for new, old in zip(distorted, originals, strict=False))
    # Characters, not noise: as much ink as before, but for the contrast.
    assert 0.7 < distorted.mean() / originals[:500].mean() < 0.9


def test_the_same_arguments_write_the_same_files(tmp_path: Path) -> None:
    first, again = (write_grown_mnist(tmp_path / name, 100) for name in ("first", "again"))
    for path in first.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_memory_of_child_processes_counts() -> None:
    hold = "import time; kept = b'x' * 200_000_000; time.sleep(1); del kept; time.sleep(1)"
    command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    samples = sample_memory(subprocess.Popen([sys.executable, "-c", command]))
    anonymous = [memory.anonymous for _, memory in samples]
    assert max(anonymous) >= 200_000_000 > anonymous[-1]
    assert all(memory.resident >= memory.anonymous for _, memory in samples)
    assert [moment for moment, _ in samples] == sorted(moment for moment, _ in samples)


def test_a_sample_counts_for_the_component_that_finishes_next() -> None:
    samples = [(1.0, Memory(5, 1)), (2.0, Memory(3, 2)), (4.0, Memory(9, 9)), (9.0, Memory(99, 99))]
    assert peak_by_component(samples, {"First": 3.0, "Second": 4.0, "Third": 5.0}) == {
        "First": Memory(5, 2),
        "Second": Memory(9, 9),
        "Third": Memory(),
    }


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
    table = to_table(runs).splitlines()
    assert (
        table[0] == "| component | s, 60,000 | s, 600,000 | growth | GiB, 60,000 | GiB, 600,000 |"
    )
    assert "| data components | 12.0 | 120.0 | 10.0 | 1.00 | 10.00 |" in table
    assert table[-1] == "| all, without pages of files |  |  |  | 1.00 | 1.00 |"
    assert runs[1].data_seconds == 120
    assert runs[1].peak() == Memory(10 * 2**30, 2**30)
