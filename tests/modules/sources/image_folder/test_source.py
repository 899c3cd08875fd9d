"""The image folder source: what it reads, and what it refuses with which message."""

from __future__ import annotations

import itertools
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modules.core.errors import DataError
from modules.sources.base import ImageRecord
from modules.sources.image_folder.source import ImageFolderSource
from tests.modules.sources.images import encoded, noise

_FILES = {
    "train/2/a.png": encoded(noise("L")),
    "train/2/b.PNG": encoded(noise("RGB", 3, 4)),
    "train/10/a.jpg": encoded(noise("RGB"), "JPEG"),
    "train/10/b.jpeg": encoded(noise("L"), "JPEG"),
    "eval/10/c.png": encoded(noise("L", 20, 30)),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in _FILES.items():
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "images"


def _read(folder: Path, split: str, num_shards: int | None = None) -> list[ImageRecord]:
    shards = ImageFolderSource(str(folder)).shards(split, num_shards)
    return list(itertools.chain.from_iterable(shard.read() for shard in shards))


def test_files_pass_unchanged_with_their_path_as_id(folder: Path) -> None:
    records = [*_read(folder, "train"), *_read(folder, "eval")]
    assert {record.example_id: record.image for record in records} == _FILES


def test_labels_follow_the_class_folders_by_value(folder: Path) -> None:
    assert ImageFolderSource(str(folder)).class_names({}) == ("2", "10")
    labels = {record.example_id: record.label for record in _read(folder, "train")}
    assert labels == {
        "train/2/a.png": 0,
        "train/2/b.PNG": 0,
        "train/10/a.jpg": 1,
        "train/10/b.jpeg": 1,
    }
    assert [record.label for record in _read(folder, "eval")] == [1]


def test_given_classes_set_the_labels(folder: Path) -> None:
    source = ImageFolderSource(str(folder), ("10", "new", "2"))
    assert source.class_names({}) == ("10", "new", "2")
    labels = {record.label for shard in source.shards("train") for record in shard.read()}
    assert labels == {0, 2}


def test_a_preview_reads_the_rows_that_are_asked_for(folder: Path) -> None:
    (shard,) = ImageFolderSource(str(folder)).shards("train")
    records = _read(folder, "train")
    assert list(shard.preview([1, 3])) == [records[1], records[3]]
    assert shard.labels() == [record.label for record in records]


def test_shape_is_each_image_s_own(folder: Path) -> None:
    shapes = {record.example_id: record[3:6] for record in _read(folder, "train")}
    assert shapes["train/2/a.png"] == (9, 7, 1)
    assert shapes["train/2/b.PNG"] == (3, 4, 3)
    assert shapes["train/10/a.jpg"] == (9, 7, 3)


def test_order_mixes_the_classes_and_does_not_depend_on_the_shards(folder: Path) -> None:
    for index in range(50):
        (folder / f"train/2/{index}.png").write_bytes(_FILES["train/2/a.png"])
        (folder / f"train/10/{index}.png").write_bytes(_FILES["train/2/a.png"])
    records = _read(folder, "train")
    assert records == _read(folder, "train", 7)
    assert 13 < sum(record.label for record in records[:52]) < 39


def test_shards_travel_to_workers(folder: Path) -> None:
    shard = ImageFolderSource(str(folder)).shards("train", 2)[1]
    assert list(pickle.loads(pickle.dumps(shard)).read()) == _read(folder, "train")[2:]


def test_hidden_files_are_left_out_and_links_inside_are_followed(folder: Path) -> None:
    (folder / "train/.DS_Store").touch()
    (folder / "train/2/.DS_Store").touch()
    (folder / "train/2/link.png").symlink_to("../2/a.png")
    assert len(_read(folder, "train")) == 5


def _read_all(folder: Path) -> None:
    for split in ("train", "eval"):
        _read(folder, split)


def _link_file_out(folder: Path) -> None:
    (folder.parent / "secret.png").write_bytes(_FILES["train/2/a.png"])
    (folder / "train/2/link.png").symlink_to("../../../secret.png")


def _link_class_out(folder: Path) -> None:
    (folder / "train/2").rename(folder.parent / "elsewhere")
    (folder / "train/2").symlink_to("../../elsewhere")


def _link_split_out(folder: Path) -> None:
    (folder / "eval").rename(folder.parent / "other-eval")
    (folder / "eval").symlink_to("../other-eval")


def _empty_eval(folder: Path) -> None:
    shutil.rmtree(folder / "eval")
    (folder / "eval").mkdir()


_BAD_INPUTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no train split": (
        lambda folder: (folder / "train").rename(folder / "val"),
        r"images: expected a folder 'train' .*, found eval, val\. Put images into train/<class>/",
    ),
    "empty split": (
        _empty_eval,
        r"images/eval: expected one folder for each class",
    ),
    "empty class": (
        lambda folder: (folder / "train/3").mkdir(),
        r"train/3: expected at least one image, found an empty folder",
    ),
    "class that train lacks": (
        lambda folder: (folder / "eval/10").rename(folder / "eval/11"),
        r"eval/11/c.png: expected one of the 2 classes of the train split .* found class '11'",
    ),
    "undecodable image": (
        lambda folder: (folder / "train/2/bad.png").write_bytes(b"not an image"),
        r"train/2/bad\.png: expected a PNG, JPEG, WebP",
    ),
    "empty image": (
        lambda folder: (folder / "eval/10/bad.jpg").touch(),
        r"eval/10/bad\.jpg: expected a PNG, JPEG, WebP",
    ),
    "links in a circle": (
        lambda folder: (folder / "train/2/more").symlink_to(".."),
        r"train/2/more/2: expected a link that does not lead back to its own folder",
    ),
    "link to nowhere": (
        lambda folder: (folder / "train/2/bad.png").symlink_to("absent"),
        r"train/2/bad\.png: expected a file or folder, found nothing",
    ),
    "file linked from outside": (
        _link_file_out,
        r"train/2/link\.png: expected a path inside .*images, found a link to .*secret\.png",
    ),
    "split linked from outside": (
        _link_split_out,
        r"images/eval: expected a path inside .*images, found a link to .*other-eval",
    ),
    "class linked from outside": (
        _link_class_out,
        r"train/2: expected a path inside .*images, found a link to .*elsewhere",
    ),
}


@pytest.mark.parametrize("case", _BAD_INPUTS)
def test_bad_input_is_one_error_that_names_file_and_reason(folder: Path, case: str) -> None:
    damage, message = _BAD_INPUTS[case]
    damage(folder)
    with pytest.raises(DataError, match=message) as caught:
        _read_all(folder)
    assert "\n" not in str(caught.value)


def test_file_name_that_is_not_utf_8_is_an_error(folder: Path) -> None:
    path = bytes(folder / "train/2/") + b"/\xff.png"
    with open(path, "wb") as file:
        file.write(_FILES["train/2/a.png"])
    with pytest.raises(DataError):
        _read(folder, "train")


def test_a_folder_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent: expected a folder, found nothing"):
        ImageFolderSource(str(tmp_path / "absent")).shards("train")
