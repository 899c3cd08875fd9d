"""Writes a domain of IDX files as a folder of PNG images.

    python -m data.write_image_folder IDX_FOLDER FOLDER [--per-class N]

Equal arguments write equal files; a file that is already right is not touched.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.sources.formats import open_source


def write_image_folder(idx_folder: Path, folder: Path, per_class: int | None = None) -> int:
    """Writes `train/<class>/*.png` and `eval/<class>/*.png`.

    Args:
        idx_folder: The IDX files.
        folder: For the images.
        per_class: Take only the first so many images of each class and split.

    Returns:
        The number of images.

    Raises:
        DataError: The IDX files are not sound.
    """
    source = open_source("idx", str(idx_folder))
    names = source.class_names({})
    total = 0
    for split in (TRAIN_SPLIT, EVAL_SPLIT):
        written: Counter[int] = Counter()
        for shard in source.shards(split):
            for record in shard.read():
                if per_class is not None and written[record.label] >= per_class:
                    continue
                path = folder / split / names[record.label] / f"{written[record.label]:05d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists() or path.read_bytes() != record.image:
                    path.write_bytes(record.image)
                written[record.label] += 1
        total += written.total()
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write IDX files as a folder of PNG images.")
    parser.add_argument("idx_folder", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-class", type=int, metavar="N", help="the first N of each class")
    arguments = parser.parse_args()
    count = write_image_folder(arguments.idx_folder, arguments.folder, arguments.per_class)
    print(f"{arguments.folder}: {count:,} images")
