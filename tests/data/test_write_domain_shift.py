"""A shifted domain shares no character with the source's train split, nor between its splits."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.write_domain_shift import write_domain_shift
from modules.sources.formats import open_source
from modules.sources.idx_format import write_idx

TRAIN, TEST = 40, 60


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A domain whose every image has a brightness of its own."""
    folder = tmp_path / "source"
    folder.mkdir()
    for split, count, first in (("train", TRAIN, 1), ("t10k", TEST, 1 + TRAIN)):
        images = np.arange(first, first + count, dtype=np.uint8)[:, None, None]
        write_idx(folder / f"{split}-images-idx3-ubyte.gz", images.repeat(4, 1).repeat(4, 2))
        write_idx(folder / f"{split}-labels-idx1-ubyte.gz", np.arange(count, dtype=np.uint8) % 2)
    return folder


def read(folder: Path, split: str) -> tuple[set[int], list[int]]:
    """Brightness of each image, after inverting back, and labels."""
    (shard,) = open_source("idx", str(folder)).shards(split)
    records = list(shard.read())
    pixels = [np.asarray(Image.open(io.BytesIO(record.image))) for record in records]
    return {255 - int(image.max()) for image in pixels}, [record.label for record in records]


def test_pool_and_eval_split_the_sources_eval_images_by_halves(
    source: Path, tmp_path: Path
) -> None:
    assert write_domain_shift("inverted", source, tmp_path / "out") == TEST
    (train, train_labels), (held_out, eval_labels) = (
        read(tmp_path / "out", split) for split in ("train", "eval")
    )
    assert not train & held_out
    assert train | held_out == set(range(1 + TRAIN, 1 + TRAIN + TEST))
    assert np.bincount(train_labels).tolist() == np.bincount(eval_labels).tolist() == [15, 15]


def test_it_always_writes_the_same_files(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_domain_shift("noise", source, tmp_path / name, limit=20)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 4
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_limit_keeps_the_shares_of_the_classes(source: Path, tmp_path: Path) -> None:
    assert write_domain_shift("inverted", source, tmp_path / "out", limit=20) == 20
    _, labels = read(tmp_path / "out", "train")
    assert np.bincount(labels).tolist() == [5, 5]
