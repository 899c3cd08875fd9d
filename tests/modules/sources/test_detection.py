"""The format of a folder is told by its names; what is near a layout is told how to get there."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.core.errors import DataError
from modules.sources.detection import detect_format


def tree(folder: Path, *names: str) -> str:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return str(folder)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("train-images-idx3-ubyte.gz", "idx"),
        ("t10k-labels.idx1-ubyte", "idx"),
        ("train-00000-of-00002.tfrecord.gz", "tfrecord"),
        ("train/a/1.png", "image_folder"),
        ("eval/a/1.png", "image_folder"),
        ("cat/1.JPG", "image_folder"),
        ("labels.csv", "image_folder"),
    ],
)
def test_each_layout_is_told_by_its_names(tmp_path: Path, name: str, format: str) -> None:
    assert detect_format(tree(tmp_path, name)) == format


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1.png", "2.jpeg"], r"found images without a class\. Sort"),
        (["notes.txt"], r"found notes\.txt\. Arrange"),
        ([], r"found an empty folder"),
    ],
)
def test_another_layout_is_refused_with_the_way_to_a_known_one(
    tmp_path: Path, names: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        detect_format(tree(tmp_path, *names))
