"""Divides a domain of IDX files into spans, as if its images had arrived one batch a week.

    python -m data.write_spans SOURCE OUT --spans N

OUT gets the folders `span-1` to `span-N`. Equal arguments write equal files; both splits are
divided in their order, as evenly as possible.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from data.idx_arrays import read_idx_arrays, write_idx_arrays
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT


def write_spans(source: Path, folder: Path, spans: int) -> list[Path]:
    """Writes the four files of each span.

    Args:
        source: A folder of IDX files.
        folder: For the spans' folders; created if missing.
        spans: How many.

    Returns:
        The folders.

    Raises:
        DataError: The source's files are not sound, or not grey.
    """
    folders = [folder / f"span-{number}" for number in range(1, spans + 1)]
    for split, prefix in ((TRAIN_SPLIT, "train"), (EVAL_SPLIT, "t10k")):
        images, labels = read_idx_arrays(source, split)
        for path, rows in zip(folders, np.array_split(np.arange(len(labels)), spans), strict=True):
            write_idx_arrays(path, prefix, images[rows], labels[rows])
    return folders


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Divide a domain of IDX files into spans.")
    parser.add_argument("source", type=Path, help="a folder of IDX files, such as data/optdigits")
    parser.add_argument("out", type=Path)
    parser.add_argument("--spans", type=int, default=4, metavar="N", help="how many; 4")
    arguments = parser.parse_args()
    for written in write_spans(arguments.source, arguments.out, arguments.spans):
        print(written)
