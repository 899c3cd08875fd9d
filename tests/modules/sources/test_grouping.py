"""Which images belong together, in every format; what is refused, and what is suspected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import DataError
from modules.sources.base import EvalDraw
from modules.sources.formats import open_source
from modules.sources.grouping import (
    Grouping,
    check_group_pattern,
    group_like,
    refuse_shared_groups,
)
from tests.modules.sources.image_folder.test_layouts import tree
from tests.modules.sources.images import encoded, noise

_IMAGE = encoded(noise())


def groups_of(format: str, folder: Path, group: str, split: str = "train") -> dict[str, str | None]:
    """The group of each example, which the shards know as reading does."""
    shards = open_source(format, str(folder), group=group).shards(split)
    read = {record.example_id: record.group for shard in shards for record in shard.read()}
    for shard in shards:
        assert all(read[example] == group for group, example in shard.groups().items())
    return read


def write_tfrecords(folder: Path, **features: list[bytes | int]) -> Path:
    for split in ("train", "eval"):
        with tf.io.TFRecordWriter(str(folder / f"{split}.tfrecord")) as writer:
            for row in range(len(next(iter(features.values())))):
                example = tf.train.Example()
                example.features.feature["image"].bytes_list.value.append(_IMAGE)
                example.features.feature["label"].int64_list.value.append(0)
                for name, values in features.items():
                    value, feature = values[row], example.features.feature[name]
                    if isinstance(value, bytes):
                        feature.bytes_list.value.append(value)
                    else:
                        feature.int64_list.value.append(value)
                writer.write(example.SerializeToString())
    return folder


def test_a_regular_expression_finds_groups_in_file_names(tmp_path: Path) -> None:
    names = ("train/a/w1_1.png", "train/a/w1_2.png", "train/b/w22_1.png", "eval/a/w3_1.png")
    found = groups_of("image_folder", tree(tmp_path, *names), r"/(w\d+)_")
    assert found == {names[0]: "w1", names[1]: "w1", names[2]: "w22"}


def test_a_column_of_the_table_names_groups_and_an_empty_cell_is_one_of_its_own(
    tmp_path: Path,
) -> None:
    folder = tree(tmp_path, "1.png", "2.png", "3.png", "4.png")
    rows = ["file,label,split,Writer", "1.png,a,train,Ann", "2.png,a,train,", "4.png,a,eval,Bob"]
    (folder / "labels.csv").write_text("\n".join(rows))
    assert groups_of("image_folder", folder, "writer") == {"1.png": "Ann", "2.png": "2.png"}


def test_an_eval_split_is_drawn_by_whole_groups(tmp_path: Path) -> None:
    names = [f"{name}/w{w}_{n}.png" for name in "ab" for w in range(20) for n in range(3)]
    tree(tmp_path, *names)
    draw = EvalDraw(0.3)
    source = open_source("image_folder", str(tmp_path), draw=draw, group=r"/(w\d+)_")
    sides = [
        {record.group for shard in source.shards(split) for record in shard.read()}
        for split in ("train", "eval")
    ]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 20
    assert "groups as a whole" in source.notes[-1]


@pytest.mark.parametrize("values", [[b"w1", b"w2"], [1, 2]])
def test_a_feature_names_groups_in_tf_examples(tmp_path: Path, values: list[bytes | int]) -> None:
    folder = write_tfrecords(tmp_path, writer_id=values)
    found = groups_of("tfrecord", folder, "writer_id")
    assert list(found.values()) == [v.decode() if isinstance(v, bytes) else str(v) for v in values]


def test_a_regular_expression_takes_each_tfrecord_file_or_range_of_idx_numbers_as_a_group(
    tmp_path: Path,
) -> None:
    folder = write_tfrecords(tmp_path, other=[1, 2])
    assert set(groups_of("tfrecord", folder, r"/(\d+)-").values()) == {"00000"}
    found = groups_of("idx", Path("data/optdigits"), r"/(\d{6})")
    assert set(found.values()) == {f"{number:06d}" for number in range(9)}


@pytest.mark.parametrize(
    ("names", "table", "group", "message"),
    [
        (["train/a/x.png"], None, r"/(w\d+)_", "x.png: expected a name that .* found no match"),
        (["train/a/x.png"], None, "writer", "a labels.csv with the column 'writer'"),
        (["x.png"], "file,label\nx.png,a", "writer", "'writer', .* found the columns file, label"),
    ],
)
def test_groups_that_the_data_lack_are_refused(
    tmp_path: Path, names: list[str], table: str | None, group: str, message: str
) -> None:
    tree(tmp_path, *names)
    if table:
        (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        open_source("image_folder", str(tmp_path), group=group).shards("train")


def test_idx_files_have_no_columns_and_tf_examples_must_have_the_feature(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="regular expression on example ids"):
        open_source("idx", "data/optdigits", group="writer")
    folder = write_tfrecords(tmp_path, other=[1])
    with pytest.raises(DataError, match=r"one value in 'writer' .* 0 in features .*'other'"):
        groups_of("tfrecord", folder, "writer")


@pytest.mark.parametrize(
    ("setting", "message"), [("/(w", "not a regular expression"), (r"/\(w\)", "no parentheses")]
)
def test_expressions_that_capture_nothing_are_refused(setting: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_group_pattern(setting)
    assert check_group_pattern("writer") == "writer"


@given(st.text(max_size=30))
def test_any_name_has_a_group_or_is_refused(name: str) -> None:
    try:
        assert Grouping(r"^(.*?)_").group_of(name, "folder") == name.partition("_")[0]
    except DataError:
        assert not name.partition("_")[0] or "_" not in name or "\n" in name


def test_groups_in_both_splits_are_refused_with_an_image_of_each() -> None:
    train, evaluation = {"w1": "train/1", "w2": "train/2"}, {"w2": "eval/7", "w3": "eval/8"}
    refuse_shared_groups("digits", {"train": train, "eval": {"w3": "eval/8"}})
    with pytest.raises(DataError) as caught:
        refuse_shared_groups("digits", {"train": train, "eval": evaluation})
    message = str(caught.value)
    assert "group 'w2' in train (train/2) and in eval (eval/7)" in message
    assert "1 group of 2 in the eval split" in message
    assert "w1" not in message


def test_names_of_columns_and_features_give_groups_away() -> None:
    names = ["label", "writer", "PatientID", "camera_no", "videos", "age", "image", "fonts"]
    assert group_like(names) == ["writer", "PatientID", "camera_no", "videos", "fonts"]


def test_features_of_tf_examples_are_suspected(tmp_path: Path) -> None:
    folder = write_tfrecords(tmp_path, writer_id=[b"w1"], weight=[3])
    source = open_source("tfrecord", str(folder))
    assert source.group_hints == ["a feature 'writer_id' of the tf.Examples"]
    assert open_source("tfrecord", str(folder), group="writer_id").group_hints == []
    assert open_source("idx", "data/optdigits").group_hints == ()


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        ([f"{c}/w{w}_{n}.png" for c in "ab" for w in range(4) for n in range(3)], "'w3' in b/w3_0"),
        ([f"{c}/p{p}/{n}.png" for c in "ab" for p in range(4) for n in range(3)], "'p3' in b/p3/0"),
        ([f"train/{c}/cam1-{n}.png" for c in "ab" for n in range(9)], None),
        ([f"{c}/{c}_{n:04d}.png" for c in "ab" for n in range(9)], None),
        ([f"{c}/{s}-{n}.png" for c in "ab" for s in ("train", "test") for n in range(9)], None),
        ([f"{c}/{n:05d}.png" for c in "ab" for n in range(9)], None),
        ([f"{c}/{n}_{m}.png" for c in "ab" for n in range(9) for m in range(1)], None),
    ],
)
def test_names_of_files_and_folders_are_suspected(
    tmp_path: Path, names: list[str], hint: str | None
) -> None:
    hints = open_source("image_folder", str(tree(tmp_path, *names))).group_hints
    assert (hint in " ".join(hints)) if hint else not hints


def test_a_column_that_is_not_used_is_suspected(tmp_path: Path) -> None:
    tree(tmp_path, "1.png", "2.png")
    (tmp_path / "labels.csv").write_text("file,label,group\n1.png,a,x\n2.png,a,y")
    source = open_source("image_folder", str(tmp_path))
    assert source.group_hints == ["a column 'group' of the table"]
    assert json.dumps(source.group_hints)
    assert not open_source("image_folder", str(tmp_path), group="group").group_hints
