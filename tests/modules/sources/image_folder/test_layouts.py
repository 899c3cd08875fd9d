"""The folders that are understood, and what is said of their splits."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from modules.core.errors import DataError
from modules.sources.base import DEFAULT_DRAW, EvalDraw
from modules.sources.image_folder.source import ImageFolderSource
from tests.modules.sources.images import encoded, noise

_PNG = encoded(noise())


def tree(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(_PNG)
    return folder


def ids(folder: Path, split: str, draw: EvalDraw = DEFAULT_DRAW) -> dict[str, int]:
    """The label of each example."""
    shards = ImageFolderSource(str(folder), draw=draw).shards(split)
    return {record.example_id: record.label for shard in shards for record in shard.read()}


def classes(count: int, *names: str) -> list[str]:
    return [f"{name}/{number}.png" for name in names for number in range(count)]


def test_class_folders_alone_get_an_eval_split(tmp_path: Path) -> None:
    source = ImageFolderSource(str(tree(tmp_path, *classes(50, "cat", "dog"))))
    assert source.class_names({}) == ("cat", "dog")
    train, evaluation = (ids(tmp_path, split) for split in ("train", "eval"))
    assert not train.keys() & evaluation.keys()
    assert {**train, **evaluation} == dict.fromkeys(classes(50, "cat"), 0) | dict.fromkeys(
        classes(50, "dog"), 1
    )
    assert set(evaluation.values()) == {0, 1}
    (note,) = source.notes
    assert note.startswith(
        f"No eval split was found. One was drawn by seed 0: {len(evaluation)} of"
    )


def test_so_does_a_train_folder_without_another(tmp_path: Path) -> None:
    tree(tmp_path, *classes(30, "train/cat", "train/dog"))
    assert set(ids(tmp_path, "eval").values()) == {0, 1}
    assert set(ids(tmp_path, "eval")) < set(classes(30, "train/cat", "train/dog"))


def test_share_and_seed_of_the_draw_can_be_chosen(tmp_path: Path) -> None:
    tree(tmp_path, *classes(60, "cat", "dog"))
    half = ids(tmp_path, "eval", EvalDraw(0.5, 0))
    assert 40 < len(half) < 80
    assert half != ids(tmp_path, "eval", EvalDraw(0.5, 1))


@pytest.mark.parametrize("name", ["eval", "evaluation", "test", "val", "Valid", "validation"])
def test_an_eval_split_has_many_names(tmp_path: Path, name: str) -> None:
    tree(tmp_path, "train/cat/1.png", f"{name}/cat/2.png")
    assert set(ids(tmp_path, "train")) == {"train/cat/1.png"}
    assert set(ids(tmp_path, "eval")) == {f"{name}/cat/2.png"}


def test_of_val_and_test_the_test_images_judge_and_a_note_says_so(tmp_path: Path) -> None:
    tree(tmp_path, "train/cat/1.png", "val/cat/2.png", "test/cat/3.png")
    source = ImageFolderSource(str(tmp_path))
    assert set(ids(tmp_path, "eval")) == {"test/cat/3.png"}
    assert source.notes == ["Of the folders, train, test are used; not used: val."]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    tree(tmp_path, *classes(20, "train", "car", "plane"))
    assert ImageFolderSource(str(tmp_path)).class_names({}) == ("car", "plane", "train")


def test_folders_in_a_class_belong_to_it(tmp_path: Path) -> None:
    tree(tmp_path, "train/dog/poodle/1.png", "train/dog/2.png", "train/cat/a/b/3.png")
    tree(tmp_path, "eval/dog/poodle/4.png")
    assert ids(tmp_path, "train") == {
        "train/dog/poodle/1.png": 1,
        "train/dog/2.png": 1,
        "train/cat/a/b/3.png": 0,
    }


def test_a_class_may_be_a_link_to_a_folder_inside(tmp_path: Path) -> None:
    tree(tmp_path, "shared/dogs/1.png", "train/cat/2.png", "test/cat/3.png")
    (tmp_path / "train/dog").symlink_to("../shared/dogs")
    assert ids(tmp_path, "train") == {"train/dog/1.png": 1, "train/cat/2.png": 0}


def test_leftovers_of_file_managers_and_archivers_are_ignored(tmp_path: Path) -> None:
    tree(tmp_path, "train/cat/1.png", "test/cat/2.png")
    tree(tmp_path, "__MACOSX/train/cat/._1.png", "train/__MACOSX/x.png", "train/cat/Thumbs.db")
    tree(tmp_path, ".DS_Store", "train/cat/.DS_Store", "train/cat/desktop.ini", "README.md")
    source = ImageFolderSource(str(tmp_path))
    assert source.class_names({}) == ("cat",)
    assert set(ids(tmp_path, "train")) == {"train/cat/1.png"}
    assert (source.refused, source.notes) == ([], [])


def test_other_files_among_the_images_are_refused_one_by_one(tmp_path: Path) -> None:
    tree(tmp_path, "train/cat/1.png", "test/cat/2.png", "train/cat/notes.txt", "train/3.png")
    source = ImageFolderSource(str(tmp_path))
    assert source.shards("train")[0].labels() == [0]
    first, second = sorted(source.refused)
    assert "train/3.png: expected an image in a class folder" in first
    assert "train/cat/notes.txt: expected only images (.png, .jpg" in second


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["photos/cat/1.png", "photos/dog/2.png"], r"found only photos\. If .* pass .*/photos\."),
        (["1.png"], r"found images without a class\. Sort the images into <class>/, or list them"),
        (["test/cat/1.png"], r"expected a folder 'train'"),
    ],
)
def test_a_layout_that_is_not_understood_is_told_the_way(
    tmp_path: Path, names: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        ids(tree(tmp_path, *names), "train")


def test_all_problems_of_a_folder_are_one_message(tmp_path: Path) -> None:
    tree(tmp_path / "in", "train/cat/1.png", "eval/cat/2.png", "eval/dog/3.png", "eval/cow/4.png")
    tree(tmp_path / "out", "5.png")
    (tmp_path / "in/train/sheep").mkdir()
    (tmp_path / "in/train/cat/link.png").symlink_to(tmp_path / "out/5.png")
    with pytest.raises(DataError) as caught:
        ids(tmp_path / "in", "train")
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{tmp_path / 'in'}: 2 problems."
    assert "train/cat/link.png: expected a path inside" in lines[1]
    assert "train/sheep: expected at least one image" in lines[2]
    (tmp_path / "in/train/sheep").rmdir()
    (tmp_path / "in/train/cat/link.png").unlink()
    with pytest.raises(DataError, match=r"2 problems\.\n.*class 'cow'.*\n.*class 'dog'"):
        ids(tmp_path / "in", "train")


def test_a_remote_folder_is_read_like_a_local_one() -> None:
    for name in (
        "train/cat/deep/1.png",
        "train/dog/2.png",
        "test/cat/3.png",
        "train/cat/Thumbs.db",
    ):
        tf.io.gfile.makedirs(f"ram://images/{name.rpartition('/')[0]}")
        with tf.io.gfile.GFile(f"ram://images/{name}", "wb") as file:
            file.write(_PNG)
    source = ImageFolderSource("ram://images")
    found = {
        split: {record.example_id for shard in source.shards(split) for record in shard.read()}
        for split in ("train", "eval")
    }
    assert found == {
        "train": {"train/cat/deep/1.png", "train/dog/2.png"},
        "eval": {"test/cat/3.png"},
    }
