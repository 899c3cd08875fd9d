"""Writes a generated shift of a domain as zipped IDX files.

    python -m data.write_domain_shift NAME SOURCE OUT

SOURCE is a folder of IDX files such as `data/mnist`. Equal arguments write equal files. Only
SOURCE's eval images are shifted: the source's model learns its train images, and a target must not
hold the same characters. Half of the shifted images, stratified by class, become the new domain's
train split, the other half its eval split.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from data.idx_arrays import read_idx_arrays, write_idx_arrays
from modules.core.example_features import EVAL_SPLIT
from modules.images.domain_shifts import shift_images, shift_names

_SEED = 0


def write_domain_shift(name: str, source: Path, folder: Path, limit: int | None = None) -> int:
    """Writes the four files of a shifted domain.

    Args:
        name: One of `modules.images.domain_shifts.shift_names`.
        source: A folder of IDX files, bright characters on black.
        folder: For the files; created if missing.
        limit: Most images in all; a sample keeps the shares of the classes.

    Returns:
        The number of images.

    Raises:
        ConfigError: No shift has that name.
        DataError: The source's files are not sound, or not grey.
    """
    images, labels = read_idx_arrays(source, EVAL_SPLIT)
    rows = np.arange(len(labels))
    if limit is not None and limit < len(rows):
        rows, _ = train_test_split(rows, train_size=limit, random_state=_SEED, stratify=labels)
    train, held_out = train_test_split(
        np.sort(rows), test_size=0.5, random_state=_SEED, stratify=labels[np.sort(rows)]
    )
    for seed, (split, chosen) in enumerate((("train", train), ("t10k", held_out))):
        shifted = shift_images(images[chosen], name, _SEED + seed)
        write_idx_arrays(folder, split, shifted, labels[chosen])
    return len(train) + len(held_out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a generated shift of a domain.")
    parser.add_argument("name", choices=shift_names())
    parser.add_argument("source", type=Path, help="a folder of IDX files, such as data/mnist")
    parser.add_argument("out", type=Path)
    parser.add_argument("--limit", type=int, metavar="N", help="most images in all")
    arguments = parser.parse_args()
    total = write_domain_shift(arguments.name, arguments.source, arguments.out, arguments.limit)
    print(f"{arguments.out}: {total:,} images")
