"""A temporary folder goes in the end, and its removal never hides why the work failed."""

from __future__ import annotations

import contextlib
import errno
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.temporary_folder import temporary_folder
from modules.core.errors import DataError

BROKEN = DataError("1.png", expected="a PNG image", found="text", fix="Replace it.")


def still_being_written(path: str) -> None:
    raise OSError(errno.ENOTEMPTY, "Directory not empty", path)


def test_it_starts_empty_and_goes_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "partial" / "left_by_a_killed_attempt").mkdir(parents=True)
    with temporary_folder(str(tmp_path / "partial")) as folder:
        assert list(Path(folder).iterdir()) == []
        Path(folder, "file").touch()
    assert list(tmp_path.iterdir()) == []


def test_it_goes_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(DataError), temporary_folder(str(tmp_path / "partial")):
        raise BROKEN
    assert list(tmp_path.iterdir()) == []


def test_a_failing_clean_up_does_not_replace_the_first_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("components.temporary_folder.fileio.rmtree", still_being_written)
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(DataError, match=r"1\.png: expected a PNG image"),
        temporary_folder(str(tmp_path / "partial")),
    ):
        raise BROKEN
    assert "partial could not be removed" in caplog.text


def test_a_clean_up_that_fails_alone_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.temporary_folder.fileio.rmtree", still_being_written)
    with (
        pytest.raises(OSError, match="Directory not empty"),
        temporary_folder(str(tmp_path / "partial")),
    ):
        pass


def test_a_worker_that_still_writes_leaves_nothing_behind(tmp_path: Path) -> None:
    partial = tmp_path / "partial"
    with (
        writing_until_refused(partial),
        pytest.raises(DataError, match=r"1\.png: expected a PNG image"),
        temporary_folder(str(partial)),
    ):
        fail_once_it_writes(partial)
    assert list(tmp_path.iterdir()) == []


def fail_once_it_writes(folder: Path) -> None:
    while len(list(folder.iterdir())) < 2000:  # Removing them takes time.
        pass
    raise BROKEN


@contextlib.contextmanager
def writing_until_refused(folder: Path) -> Iterator[None]:
    """Another worker, which makes files in a folder until the folder is gone."""

    def write() -> None:
        number = 0
        while not folder.exists():
            pass
        with contextlib.suppress(FileNotFoundError):
            while number < 50_000:
                (folder / f"attempt-{number}").touch()
                number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        thread.join()
