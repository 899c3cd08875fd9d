"""Small real domains and the command that runs the pipeline on them."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.pages.browser import Page, chromium_page

_AXE = "axe-core@4.10.3"


@dataclass(frozen=True)
class FinishedCommand:
    """How a command ended.

    Attributes:
        code: Exit status.
        output: Standard output, and standard error unless that was left out.
    """

    code: int
    output: str


def warmstart(
    *arguments: str | Path, timeout: float = 500, stderr: int = subprocess.STDOUT
) -> FinishedCommand:
    """Runs the installed command line, as a user does, without a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        timeout=timeout,
        env={**os.environ, "CI": "true"},
    )
    return FinishedCommand(done.returncode, done.stdout)


def read_result(output: Path) -> dict[str, Any]:
    """Reads a run's result.json."""
    return json.loads((output / "result.json").read_text(encoding="utf-8"))


def set_options(overrides: Sequence[str]) -> list[str]:
    """Turns key=value strings into command-line options."""
    return [part for override in overrides for part in ("--set", override)]


def read_idx(path: Path) -> np.ndarray:
    """Reads a gzipped IDX file of unsigned bytes."""
    content = gzip.decompress(path.read_bytes())
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def write_idx(path: Path, array: np.ndarray) -> None:
    """Writes unsigned bytes as an IDX file, gzipped if the name says so."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = header + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)


def write_idx_domain(folder: Path, splits: dict[str, tuple[np.ndarray, np.ndarray]]) -> Path:
    """Writes images and labels by split (`train`, `t10k`) in MNIST's layout."""
    folder.mkdir(parents=True)
    for split, (images, labels) in splits.items():
        write_idx(folder / f"{split}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{split}-labels-idx1-ubyte.gz", labels)
    return folder


def write_first_images_of_mnist(folder: Path, train: int, t10k: int) -> Path:
    """Writes the given numbers of MNIST's first images."""
    splits = {}
    for split, count in (("train", train), ("t10k", t10k)):
        images = read_idx(Path(f"data/mnist/{split}-images-idx3-ubyte.gz"))[:count]
        labels = read_idx(Path(f"data/mnist/{split}-labels-idx1-ubyte.gz"))[:count]
        splits[split] = (images, labels)
    return write_idx_domain(folder, splits)


@dataclass(frozen=True)
class FinishedRun:
    """A quick run of the default scenario on less of MNIST.

    Attributes:
        command: How it ended.
        output: Its output folder.
        result: Its result.json.
    """

    command: FinishedCommand
    output: Path
    result: dict[str, Any]


def quick_overrides(small_mnist: Path) -> list[str]:
    """What makes a run of the default scenario quick, and equal on machines of all kinds."""
    return [
        "pretraining.steps=200",
        "transfer.steps=60",
        "training.precision=float32",
        f"source.path={small_mnist}",
    ]


def run_quickly(
    small_mnist: Path, output: Path, *overrides: str, flags: Sequence[str] = ()
) -> FinishedCommand:
    """Runs the default scenario with few steps on the small source domain."""
    options = set_options([*quick_overrides(small_mnist), *overrides])
    return warmstart("run", "configs/mnist_to_optdigits.yaml", *options, "--output", output, *flags)


@pytest.fixture
def used_run(quick_run: FinishedRun, tmp_path: Path) -> Iterator[Path]:
    """The quick run's output folder, with its serving folder put back afterwards."""
    serving = quick_run.output / "serving"
    kept = shutil.copytree(serving, tmp_path / "kept")
    yield quick_run.output
    shutil.rmtree(serving, ignore_errors=True)
    shutil.copytree(kept, serving)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A tab of Chromium."""
    with chromium_page(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, an accessibility checker."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing, which brings axe-core")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), _AXE],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        pytest.skip(f"npm could not bring {_AXE}: {done.stderr.strip()[-200:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
