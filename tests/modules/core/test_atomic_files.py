"""A file is written whole or not at all."""

import os
from pathlib import Path

import pytest
import tensorflow as tf

from modules.core.atomic_files import write_atomically


@pytest.mark.parametrize("contested", [False, True])
@pytest.mark.parametrize("content", ["schön", b"\x00\xff"])
def test_the_content_replaces_an_earlier_file(
    tmp_path: Path, content: str | bytes, contested: bool
) -> None:
    path = tmp_path / "file"
    path.write_text("earlier")

    write_atomically(path, content, contested=contested)

    expected = content.encode() if isinstance(content, str) else content
    assert path.read_bytes() == expected
    assert os.listdir(tmp_path) == ["file"]


def test_a_remote_file_is_written_in_one_step_too() -> None:
    tf.io.gfile.makedirs("ram://folder")

    write_atomically("ram://folder/file", "content")

    assert tf.io.gfile.listdir("ram://folder") == ["file"]
    with tf.io.gfile.GFile("ram://folder/file") as file:
        assert file.read() == "content"


def test_a_failure_is_told_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("earlier")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "later")

    assert path.read_text() == "earlier"
    assert os.listdir(tmp_path) == ["file"]


def test_what_cannot_be_cleaned_up_does_not_hide_why_it_failed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        write_atomically(tmp_path / "missing" / "file", "content")
