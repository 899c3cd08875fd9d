"""The embedded data sets are the ones that data/README.md describes."""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

_DATA = Path(__file__).resolve().parents[2] / "data"
_SUMS = dict(
    reversed(line)  # type: ignore[arg-type]
    for line in re.findall(r"^([0-9a-f]{64})  (\S+)$", (_DATA / "README.md").read_text(), re.M)
)


def _unzip(name: str) -> bytes:
    return gzip.decompress((_DATA / f"{name}.gz").read_bytes())


def _read(name: str, header: int) -> np.ndarray:
    return np.frombuffer(_unzip(name), np.uint8, offset=header)


def test_readme_lists_every_file() -> None:
    files = {f"{path.parent.name}/{path.stem}" for path in _DATA.glob("*/*.gz")}
    assert files == set(_SUMS)
    assert len(files) == 16


@pytest.mark.parametrize("name", sorted(_SUMS))
def test_checksum_of_the_unzipped_file_is_the_readme_s(name: str) -> None:
    assert hashlib.sha256(_unzip(name)).hexdigest() == _SUMS[name]


def test_mnist_is_the_canonical_one() -> None:
    assert _SUMS["mnist/train-images-idx3-ubyte"].startswith("ba891046e6505d7a")
    assert len(_read("mnist/train-labels-idx1-ubyte", 8)) == 60_000
    assert len(_read("mnist/t10k-labels-idx1-ubyte", 8)) == 10_000


def test_script_writes_the_committed_optdigits_and_the_same_bytes_each_time(
    tmp_path: Path,
) -> None:
    script = [sys.executable, "-m", "data.write_optdigits"]
    for folder in ("first", "second"):
        subprocess.run([*script, str(tmp_path / folder)], check=True, cwd=_DATA.parent)
    written = sorted((tmp_path / "first").iterdir())
    assert [path.name for path in written] == [
        path.name for path in sorted((_DATA / "optdigits").iterdir())
    ]
    for path in written:
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
        # Deflated bytes differ between versions of zlib, their content does not.
        assert gzip.decompress(path.read_bytes()) == _unzip(f"optdigits/{path.stem}")


def test_optdigits_halves_hold_every_digit_of_scikit_learn_once_and_evenly_by_class() -> None:
    pixels, labels = [], []
    for split in ("train", "t10k"):
        pixels.append(_read(f"optdigits/{split}-images-idx3-ubyte", 16).reshape(-1, 64))
        labels.append(_read(f"optdigits/{split}-labels-idx1-ubyte", 8))
    assert [len(half) for half in labels] == [898, 899]
    difference = np.bincount(labels[0]) - np.bincount(labels[1])
    assert np.abs(difference).max() <= 1

    digits = load_digits()
    ink = np.rint(np.concatenate(pixels) / 255 * 16).astype(int)
    found = sorted(map(tuple, np.column_stack([ink, np.concatenate(labels)]).tolist()))
    expected = np.column_stack([digits.data.astype(int), digits.target])
    assert found == sorted(map(tuple, expected.tolist()))
