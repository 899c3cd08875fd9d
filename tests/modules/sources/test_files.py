"""File access: unzipping streams that say where they broke, links, and folder fingerprints."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import DataError
from modules.sources.files import (
    ByteStream,
    check_stays_inside,
    fingerprint_folder,
    list_folder,
)

_CONTENT = os.urandom(3000)


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 80)), zipped=st.booleans())
def test_reads_and_skips_walk_through_the_content(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int], zipped: bool
) -> None:
    path = tmp_path_factory.mktemp("stream") / "file"
    path.write_bytes(gzip.compress(data) if zipped else data)
    position = 0
    # A plain file that begins like a gzip file is taken for one; IDX files never do.
    if not zipped and data[:2] == b"\x1f\x8b":
        return
    with ByteStream(str(path)) as stream:
        for number, size in enumerate(cuts):
            expected = data[position : position + size]
            if number % 2:
                assert stream.skip(size) == len(expected)
            else:
                assert stream.read(size) == expected
            position += len(expected)
            assert stream.position == position


@pytest.mark.parametrize("length", [1, 2, 5, 12, 200, -9, -8, -1])
def test_cut_gzip_file_is_an_error_with_file_and_offset(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(_CONTENT)[:length])
    with pytest.raises(DataError, match=r"cut\.gz \(byte \d+\)"), ByteStream(str(path)) as stream:
        stream.read_exactly(len(_CONTENT) + 1, "content")


def test_damaged_gzip_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "damaged.gz"
    zipped = bytearray(gzip.compress(_CONTENT))
    zipped[len(zipped) // 2] ^= 0xFF
    path.write_bytes(zipped)
    with pytest.raises(DataError, match=r"damaged\.gz \(byte \d+\)"), ByteStream(str(path)) as s:
        s.skip(len(_CONTENT) + 1)


def test_end_of_file_inside_a_record_is_an_error_with_offset(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"abcde")
    with ByteStream(str(path)) as stream:
        stream.read(2)
        with pytest.raises(DataError, match=r"short \(byte 5\): expected 4 bytes of a header"):
            stream.read_exactly(4, "a header")


@pytest.mark.parametrize("use", [ByteStream, list_folder])
def test_missing_path_is_an_error(tmp_path: Path, use: type) -> None:
    with pytest.raises(DataError, match="absent"):
        use(str(tmp_path / "absent"))


def test_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="expected a folder, found a file"):
        list_folder(str(tmp_path / "file"))
    with pytest.raises(DataError, match="directory"):
        ByteStream(str(tmp_path))


def test_listing_is_sorted_and_leaves_out_hidden_files(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).touch()
    assert list_folder(str(tmp_path)) == ["a", "b"]


def test_links_may_stay_inside_but_not_leave(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    (tmp_path / "folder-beside").touch()
    (folder / "inside").symlink_to("file")
    (folder / "outside").symlink_to("../folder-beside")
    (tmp_path / "way-in").symlink_to(folder)
    check_stays_inside(str(folder / "inside"), str(folder))
    check_stays_inside(str(tmp_path / "way-in" / "file"), str(tmp_path / "way-in"))
    with pytest.raises(DataError, match=r"outside: .*link to .*folder-beside"):
        check_stays_inside(str(folder / "outside"), str(folder))


class TestFingerprint:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in ("train/a/1.png", "train/b/2.png"):
            path = tmp_path / name
            path.parent.mkdir(parents=True)
            path.write_bytes(b"same size")
            os.utime(path, ns=(10**18, 10**18))
        return tmp_path

    def test_is_stable(self, folder: Path) -> None:
        assert fingerprint_folder(str(folder)) == fingerprint_folder(str(folder))
        assert fingerprint_folder(str(folder)) == fingerprint_folder(f"{folder}/")

    def test_changes_when_an_image_moves_to_another_class(self, folder: Path) -> None:
        before = fingerprint_folder(str(folder))
        (folder / "train/a/1.png").rename(folder / "train/b/1.png")
        assert fingerprint_folder(str(folder)) != before

    def test_changes_with_a_nanosecond(self, folder: Path) -> None:
        before = fingerprint_folder(str(folder))
        os.utime(folder / "train/a/1.png", ns=(10**18, 10**18 + 1))
        assert fingerprint_folder(str(folder)) != before

    def test_changes_with_a_size_a_new_file_and_a_missing_one(self, folder: Path) -> None:
        seen = {fingerprint_folder(str(folder))}
        path = folder / "train/a/1.png"
        path.write_bytes(b"another size")
        os.utime(path, ns=(10**18, 10**18))
        seen.add(fingerprint_folder(str(folder)))
        (folder / "train/a/3.png").touch()
        seen.add(fingerprint_folder(str(folder)))
        path.unlink()
        seen.add(fingerprint_folder(str(folder)))
        assert len(seen) == 4

    def test_ends_where_links_lead_in_circles_or_nowhere(self, folder: Path) -> None:
        (folder / "train/a/loop").symlink_to(folder)
        (folder / "train/a/nowhere.png").symlink_to("absent")
        assert fingerprint_folder(str(folder))
