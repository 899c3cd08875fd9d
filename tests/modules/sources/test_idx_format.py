"""The IDX writer, against the format's definition."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from modules.sources.files import ByteStream
from modules.sources.idx import read_header, read_records
from modules.sources.idx_format import IDX_TYPES, encode_idx, write_idx

_arrays = npst.arrays(
    st.sampled_from(["u1", "i1", "<i2", ">i2", "<i4", ">i4"]),
    npst.array_shapes(min_dims=1, max_dims=4, max_side=5),
)


@given(array=_arrays, suffix=st.sampled_from(["", ".gz"]))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("idx") / f"file{suffix}"
    write_idx(path, array)
    with ByteStream(str(path)) as stream:
        header = read_header(stream, tuple(IDX_TYPES), (array.ndim,))
        assert header.shape == array.shape
        assert header.file_bytes == len(encode_idx(array))
        found = read_records(stream, header, header.records, "records")
    np.testing.assert_array_equal(found, array)


def test_header_is_the_mnist_page_s() -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    assert encode_idx(images)[:16].hex(" ", 4) == "00000803 00000002 0000001c 0000001c"


def test_elements_are_big_endian() -> None:
    assert encode_idx(np.array([258], np.int16))[-2:] == b"\x01\x02"


def test_type_that_idx_lacks_is_refused() -> None:
    with pytest.raises(KeyError):
        encode_idx(np.zeros(1, np.uint64))


def test_zipped_file_carries_neither_time_nor_name(tmp_path: Path) -> None:
    array = np.arange(9, dtype=np.uint8)
    write_idx(tmp_path / "a.gz", array)
    write_idx(tmp_path / "another.gz", array)
    zipped = (tmp_path / "a.gz").read_bytes()
    assert zipped == (tmp_path / "another.gz").read_bytes()
    assert zipped[4:8] == bytes(4)
    assert gzip.decompress(zipped) == encode_idx(array)
