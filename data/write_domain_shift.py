"""Writes a generated shift of a domain as zipped IDX files.

Run it with `python -m data.write_domain_shift NAME SOURCE OUT`, SOURCE being a folder of IDX files
such as `data/mnist`. It always writes the same files. Only SOURCE's eval images are shifted: the
train images are what the source's model learns, and a target must not hold the same characters.
Half of them, stratified by class, becomes the new domain's train split, the other half its eval
split.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split

from modules.core.example_features import EVAL_SPLIT
from modules.images.domain_shifts import shift_images, shift_names
from modules.sources.formats import open_source
from modules.sources.idx_format import write_idx

_SEED = 0


def write_domain_shift(name: str, source: Path, folder: Path, limit: int | None = None) -> int:
    """Writes the four files of a shifted domain.

    Args:
        name: One of `modules.images.domain_shifts.shift_names`.
        source: A folder of IDX files, bright characters on black.
        folder: Where the files go; made if missing.
        limit: At most so many images in all, drawn with the same shares of classes.

    Returns:
        How many images there are.

    Raises:
        ConfigError: No shift has that name.
        DataError: The source's files are not sound.
    """
    images, labels = _read_eval_split(source)
    rows = np.arange(len(labels))
    if limit is not None and limit < len(rows):
        rows, _ = train_test_split(rows, train_size=limit, random_state=_SEED, stratify=labels)
    train, held_out = train_test_split(
        np.sort(rows), test_size=0.5, random_state=_SEED, stratify=labels[np.sort(rows)]
    )
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (split, chosen) in enumerate((("train", train), ("t10k", held_out))):
        shifted = shift_images(images[chosen], name, _SEED + seed)
        write_idx(folder / f"{split}-images-idx3-ubyte.gz", shifted)
        write_idx(folder / f"{split}-labels-idx1-ubyte.gz", labels[chosen])
    return len(train) + len(held_out)


def _read_eval_split(source: Path) -> tuple[np.ndarray, np.ndarray]:
    records = [
        record
        for shard in open_source("idx", str(source)).shards(EVAL_SPLIT)
        for record in shard.read()
    ]
    images = [np.asarray(Image.open(io.BytesIO(record.image)).convert("L")) for record in records]
    return np.stack(images), np.array([record.label for record in records], np.uint8)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a generated shift of a domain.")
    parser.add_argument("name", choices=shift_names())
    parser.add_argument("source", type=Path, help="a folder of IDX files, such as data/mnist")
    parser.add_argument("out", type=Path)
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many images")
    arguments = parser.parse_args()
    total = write_domain_shift(arguments.name, arguments.source, arguments.out, arguments.limit)
    print(f"{arguments.out}: {total:,} images")
