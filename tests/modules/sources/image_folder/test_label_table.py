"""`labels.csv`: what its columns mean, and what is wrong with its rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modules.core.errors import DataError
from modules.sources.image_folder.source import ImageFolderSource
from tests.modules.sources.image_folder.test_layouts import ids, tree


def table(folder: Path, *rows: str, encoding: str = "utf-8") -> Path:
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding=encoding)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tree(tmp_path, *(f"{number}.png" for number in range(60)))


def test_file_and_label_are_enough(folder: Path) -> None:
    table(folder, "file,label", *(f"{number}.png,{'ab'[number % 2]}" for number in range(60)))
    source = ImageFolderSource(str(folder))
    assert source.class_names({}) == ("a", "b")
    train, evaluation = (ids(folder, split) for split in ("train", "eval"))
    assert len(train) + len(evaluation) == 60
    assert set(evaluation.values()) == {0, 1}
    assert all(label == int(name[:-4]) % 2 for name, label in (train | evaluation).items())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_split_column_decides_whatever_the_spreadsheet_separates_by(
    folder: Path, delimiter: str
) -> None:
    rows = [["Label", "File", "Split", "camera"], ["a", "1.png", "Train", "x"]]
    rows += [["a", "2.png", "test", "y"], ["b", "3.png", "training", "x"]]
    table(folder, *map(delimiter.join, rows), encoding="utf-8-sig")
    assert set(ids(folder, "train")) == {"1.png"}
    assert set(ids(folder, "eval")) == {"2.png"}


def test_rows_of_other_splits_are_left_out_with_a_note(folder: Path) -> None:
    rows = ["1.png,a,train", "2.png,a,val", "3.png,a,test"]
    table(folder, "file,label,split", *rows)
    source = ImageFolderSource(str(folder))
    source.shards("train")
    assert source.notes == [
        "Not used: the images of the splits val.",
        "Left out: 57 images that labels.csv lacks.",
    ]


def test_a_group_stays_together(folder: Path) -> None:
    groups = {f"{number}.png": f"patient {number // 4}" for number in range(60)}
    rows = [f"{name},{'ab'[i // 4 % 2]},{group}" for i, (name, group) in enumerate(groups.items())]
    table(folder, "file,label,group", *rows)
    train, evaluation = (
        {groups[name] for name in ids(folder, split)} for split in ("train", "eval")
    )
    assert train
    assert evaluation
    assert not train & evaluation
    source = ImageFolderSource(str(folder))
    source.shards("train")
    assert "by seed 0, groups as a whole" in source.notes[-1]


def test_the_images_may_lie_in_a_folder_beside_the_table(tmp_path: Path) -> None:
    tree(tmp_path, "images/1.png", "images/2.png", "images/3.png")
    table(tmp_path, "file,label", "1.png,a", "2.png,a", "3.png,a")
    assert set(ids(tmp_path, "train") | ids(tmp_path, "eval")) == {
        "images/1.png",
        "images/2.png",
        "images/3.png",
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["name,class", "1.png,a"], r"labels\.csv: expected .* columns file and label, found name"),
        (
            ["file,label", "1.png,a", "1.png,b"],
            r"row 3: expected each file once, found '1\.png' ag",
        ),
        (["file,label", "1.png,"], r"row 2: expected a label, found none"),
        (["file,label", ",a"], r"row 2: expected a file, found none"),
        (["file,label", "absent.png,a"], r"row 2: expected a file in the folder, found 'absent"),
        (["file,label", "../x.png,a"], r"row 2: expected a file in the folder, found '\.\./x"),
        (["file,label,split", "1.png,a,half"], r"row 2: expected a split: train, .* found 'half'"),
        (
            ["file,label,split", "1.png,a,train", "2.png,a,"],
            r"row 3: .* found ''\. Correct the column, or leave it empty in all rows",
        ),
        (["file,label", '"1.png,a'], r"labels\.csv, line 2: .* found unexpected end of data"),
        ([""], r"found none"),
    ],
)
def test_a_bad_table_is_told_by_row(folder: Path, rows: list[str], message: str) -> None:
    table(folder, *rows)
    with pytest.raises(DataError, match=message):
        ids(folder, "train")


def test_all_bad_rows_are_one_message(folder: Path) -> None:
    table(folder, "file,label", "1.png,a", *(f"absent-{number}.png,a" for number in range(30)))
    with pytest.raises(DataError) as caught:
        ids(folder, "train")
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{folder}: 30 problems."
    assert len(lines) == 22
    assert lines[-1] == "  and 10 more."


def test_a_table_that_is_not_utf_8_is_an_error(folder: Path) -> None:
    (folder / "labels.csv").write_bytes(b"file,label\n1.png,\xe4\n")
    with pytest.raises(DataError, match=re.escape("expected text in UTF-8")):
        ids(folder, "train")
