"""The hash of folders: it sees contents and names, not where or when they were written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modules.core.hashing import hash_folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("b", "two"), ("a", "one"), ("deep/c", "three")):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "folder"


def test_a_copy_elsewhere_and_later_is_the_same(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    os.utime(copy / "a", (0, 0))
    assert hash_folders([str(copy)]) == hash_folders([str(folder)])


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a").write_text("oNe"),
        lambda folder: (folder / "a").rename(folder / "d"),
        lambda folder: (folder / "deep" / "c").unlink(),
        lambda folder: (folder / "new").touch(),
    ],
    ids=["a byte", "a name", "a file less", "an empty file more"],
)
def test_every_change_shows(folder: Path, change: Callable[[Path], object]) -> None:
    before = hash_folders([str(folder)])
    change(folder)
    assert hash_folders([str(folder)]) != before


def test_the_order_of_the_folders_counts(folder: Path) -> None:
    other = folder / "deep"
    assert hash_folders([str(folder), str(other)]) != hash_folders([str(other), str(folder)])
