"""Writes `data/optdigits` from the digits that scikit-learn ships.

    python -m data.write_optdigits [FOLDER]

It writes the same files each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from data.idx_arrays import write_idx_arrays

_MAX_INK = 16  # The original bitmaps' 4x4 blocks hold 0 to 16 dark pixels.
_SEED = 0


def write_optdigits(folder: Path) -> None:
    """Splits the digits in half, stratified by class, and writes them as zipped IDX files."""
    digits = load_digits()
    pixels = np.round(digits.images * 255 / _MAX_INK).astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    train_pixels, eval_pixels, train_labels, eval_labels = train_test_split(
        pixels, labels, test_size=0.5, random_state=_SEED, stratify=labels
    )
    write_idx_arrays(folder, "train", train_pixels, train_labels)
    write_idx_arrays(folder, "t10k", eval_pixels, eval_labels)


if __name__ == "__main__":
    default = Path(__file__).parent / "optdigits"
    write_optdigits(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
