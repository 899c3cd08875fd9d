"""Reads and writes a split of IDX files as arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from modules.sources.files import ByteStream
from modules.sources.idx import IdxShard, IdxSource, read_header, read_records
from modules.sources.idx_format import write_idx

_UNSIGNED_BYTE, _GREY = (0x08,), (3,)


def read_idx_arrays(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads the images and labels of a split.

    Args:
        folder: Has a grey domain's IDX files, zipped or not.
        split: `train` or `eval`.

    Returns:
        Images, uint8 [N, height, width], and labels, uint8 [N].

    Raises:
        DataError: The files are not sound, or the images are not grey.
    """
    (shard,) = IdxSource(str(folder)).shards(split, 1)
    assert isinstance(shard, IdxShard)
    with ByteStream(shard.images_path) as stream:
        header = read_header(stream, _UNSIGNED_BYTE, _GREY)
        images = read_records(stream, header, header.records, "images")
    return images, np.array(shard.labels(), np.uint8)


def write_idx_arrays(folder: Path, prefix: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Writes the two zipped files of a split, whose prefix is `train` or `t10k`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_idx(folder / f"{prefix}-images-idx3-ubyte.gz", images)
    write_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", labels)
