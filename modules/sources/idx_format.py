"""The IDX file format of the MNIST database: header and writer.

Reference: http://yann.lecun.com/exdb/mnist/, "the IDX file format".
"""

from __future__ import annotations

import gzip
import math
import os
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Integers only: pixels are unsigned bytes, labels may be wider.
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4"}


@dataclass(frozen=True)
class IdxHeader:
    """What the first bytes of an IDX file promise.

    Args:
        dtype: NumPy name of the elements' type, big-endian.
        shape: Size of each dimension; the first one counts the records.
    """

    dtype: str
    shape: tuple[int, ...]

    @property
    def records(self) -> int:
        """How many records follow."""
        return self.shape[0]

    @property
    def record_bytes(self) -> int:
        """Bytes of one record."""
        return math.prod(self.shape[1:]) * np.dtype(self.dtype).itemsize

    @property
    def file_bytes(self) -> int:
        """Bytes of the whole file, header included."""
        return 4 + 4 * len(self.shape) + self.records * self.record_bytes


def encode_idx(array: npt.NDArray[np.integer]) -> bytes:
    """Encodes an array of uint8, int8, int16 or int32 as an IDX file; another is a KeyError.

    Example:
        >>> encode_idx(np.array([7, 2], np.uint8))
        b'\\x00\\x00\\x08\\x01\\x00\\x00\\x00\\x02\\x07\\x02'
    """
    codes = {np.dtype(dtype): code for code, dtype in IDX_TYPES.items()}
    code = codes[array.dtype.newbyteorder(">")]
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return header + array.astype(IDX_TYPES[code]).tobytes()


def write_idx(path: str | os.PathLike[str], array: npt.NDArray[np.integer]) -> None:
    """Writes an array as an IDX file, zipped where the name ends in `.gz`.

    Equal arrays give equal files: the zipped ones carry neither name nor time.
    """
    data = encode_idx(array)
    with open(path, "wb") as file:
        if not os.fspath(path).endswith(".gz"):
            file.write(data)
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as zipped:
            zipped.write(data)
