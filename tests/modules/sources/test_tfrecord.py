"""The TFRecord source: what it reads, and what it refuses with which message."""

from __future__ import annotations

import itertools
import pickle
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tensorflow as tf

from modules.core.errors import DataError
from modules.sources.base import ImageRecord
from modules.sources.tfrecord import TFRecordSource
from tests.modules.sources.images import encoded, noise

_IMAGES = [encoded(noise(seed=seed)) for seed in range(50)]


def _example(**features: bytes | int | float) -> bytes:
    example = tf.train.Example()
    for name, value in features.items():
        feature = example.features.feature[name]
        if isinstance(value, bytes):
            feature.bytes_list.value.append(value)
        elif isinstance(value, int):
            feature.int64_list.value.append(value)
        else:
            feature.float_list.value.append(value)
    return example.SerializeToString()


def _write(path: Path, records: Sequence[bytes]) -> None:
    with tf.io.TFRecordWriter(str(path), "GZIP" if path.suffix == ".gz" else "") as writer:
        for record in records:
            writer.write(record)


def _examples(labels: Sequence[int]) -> list[bytes]:
    return [
        _example(image=image, label=label) for image, label in zip(_IMAGES, labels, strict=False)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _write(tmp_path / "train-00000-of-00002.tfrecord.gz", _examples([0, 1, 2] * 14))
    _write(tmp_path / "train-00001-of-00002.tfrecord.gz", _examples([2]))
    _write(tmp_path / "eval.tfrecord", _examples([1, 1]))
    return tmp_path


def _read(folder: Path, split: str, classes: Sequence[str] | None = None) -> list[ImageRecord]:
    shards = TFRecordSource(str(folder), classes).shards(split)
    return list(itertools.chain.from_iterable(shard.read() for shard in shards))


def test_labels_may_start_at_1(tmp_path: Path) -> None:
    _write(tmp_path / "train.tfrecord", _examples([1, 2, 3]))
    _write(tmp_path / "eval.tfrecord", _examples([1]))
    source = TFRecordSource(str(tmp_path), label_offset=1)
    (shard,) = source.shards("train")
    assert [record.label for record in shard.read()] == [0, 1, 2]
    assert source.class_names({"train": {0: "a", 1: "b", 2: "c"}, "eval": {0: "d"}}) == (
        "1",
        "2",
        "3",
    )
    (short,) = TFRecordSource(str(tmp_path), ("one", "two"), 1).shards("train")
    with pytest.raises(DataError, match="expected a label from 1 to 2, found label 3"):
        list(short.read())


def test_records_come_file_by_file_in_their_order(folder: Path) -> None:
    records = _read(folder, "train")
    assert [record.label for record in records] == [*[0, 1, 2] * 14, 2]
    assert [record.image for record in records] == [*_IMAGES[:42], _IMAGES[0]]
    assert records[41].example_id == "train/00000-00000041"
    assert records[42].example_id == "train/00001-00000000"
    assert {record[3:6] for record in records} == {(9, 7, 1)}
    assert [record.label for record in _read(folder, "eval")] == [1, 1]


def test_each_file_is_a_shard_that_travels_to_workers(folder: Path) -> None:
    shards = TFRecordSource(str(folder)).shards("train", 100)
    assert len(shards) == 2
    assert [record.label for record in pickle.loads(pickle.dumps(shards[1])).read()] == [2]


def test_other_features_and_files_are_left_out(folder: Path) -> None:
    _write(folder / "eval.tfrecord", [_example(image=_IMAGES[0], label=1, domain=b"x", more=0.5)])
    (folder / "README.md").touch()
    assert _read(folder, "eval") == [ImageRecord("eval/00000-00000000", _IMAGES[0], 1, 9, 7, 1)]


def test_an_empty_file_beside_full_ones_is_fine(folder: Path) -> None:
    _write(folder / "train-00002.tfrecord", [])
    assert len(_read(folder, "train")) == 43


def test_classes_are_numbered_unless_they_are_named(folder: Path) -> None:
    labels = {"train": {0: "train/0", 1: "train/1"}, "eval": {1: "eval/0"}}
    assert TFRecordSource(str(folder)).class_names(labels) == ("0", "1")
    assert TFRecordSource(str(folder), ("a", "b", "c")).class_names(labels) == ("a", "b", "c")


def _rewrite(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return apply


def _eval(*records: bytes) -> Callable[[Path], None]:
    return lambda folder: _write(folder / "eval.tfrecord", records)


def _read_all(folder: Path) -> None:
    for split in ("train", "eval"):
        _read(folder, split)


def _link_out(folder: Path) -> None:
    outside = folder.parent / f"{folder.name}-outside"
    (folder / "eval.tfrecord").rename(outside)
    (folder / "eval.tfrecord").symlink_to(outside)


_GOOD = _example(image=_IMAGES[0], label=0)
_BAD_INPUTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no image": (
        _eval(_GOOD, _example(label=1)),
        r"eval\.tfrecord, record 1: expected one value in 'image' .* features \['label'\]",
    ),
    "no label": (
        _eval(_example(image=_IMAGES[0], labels=1)),
        r"eval\.tfrecord, record 0: expected one value .* found 1 and 0 in features "
        r"\['image', 'labels'\]",
    ),
    "label of another type": (
        _eval(_example(image=_IMAGES[0], label=1.0)),
        r"eval\.tfrecord, record 0: expected .* one in 'label' \(int64\), found 1 and 0",
    ),
    "negative label": (
        _eval(_example(image=_IMAGES[0], label=-1)),
        r"eval\.tfrecord, record 0: expected a label from 0, found label -1",
    ),
    "undecodable image": (
        _eval(*[_GOOD] * 40, _example(image=b"no image", label=0)),
        r"eval\.tfrecord, record 40: expected a PNG, JPEG, WebP",
    ),
    "no tf.train.Example": (
        _eval(b"\xff\xff\xff"),
        r"eval\.tfrecord, record 0: expected a tf\.train\.Example, found other data",
    ),
    "cut file": (
        _rewrite("eval.tfrecord", lambda data: data[:-5]),
        r"eval\.tfrecord \(byte \d+\): expected an intact TFRecord file",
    ),
    "damaged record": (
        _rewrite("eval.tfrecord", lambda data: data[:50] + bytes([data[50] ^ 1]) + data[51:]),
        r"eval\.tfrecord \(byte 12\): expected an intact TFRecord file",
    ),
    "absurd length": (
        _rewrite("eval.tfrecord", lambda data: b"\xff" * 8 + data[8:]),
        r"eval\.tfrecord \(byte 0\): expected records of up to 257048576 bytes, found one",
    ),
    # With the right checksum of its length: TensorFlow would take the memory, or die.
    "record that claims a terabyte": (
        _rewrite("eval.tfrecord", lambda data: data + struct.pack("<QI", 2**40, 0xE46B3DAA)),
        r"eval\.tfrecord \(byte \d+\): expected records .* found one of 1099511627776 bytes",
    ),
    "truncated gz": (
        _rewrite("train-00000-of-00002.tfrecord.gz", lambda data: data[:-9]),
        r"train-00000-of-00002\.tfrecord\.gz \(byte \d+\): expected a complete, valid gzip file",
    ),
    "other file named gz": (
        _rewrite("train-00000-of-00002.tfrecord.gz", lambda data: b"hello"),
        r"train-00000-of-00002\.tfrecord\.gz.*: expected an intact TFRecord file",
    ),
    "missing split": (
        lambda folder: (folder / "eval.tfrecord").unlink(),
        r"expected files eval\*\.tfrecord or eval\*\.tfrecord\.gz, found none",
    ),
    "link out of the folder": (
        _link_out,
        r"eval\.tfrecord: expected a path inside .*, found a link to",
    ),
}


@pytest.mark.parametrize("case", _BAD_INPUTS)
def test_bad_input_is_one_error_that_names_file_and_reason(folder: Path, case: str) -> None:
    damage, message = _BAD_INPUTS[case]
    damage(folder)
    with pytest.raises(DataError, match=message) as caught:
        _read_all(folder)
    assert "\n" not in str(caught.value)


def test_label_beyond_the_named_classes_is_an_error(folder: Path) -> None:
    with pytest.raises(DataError, match=r"record 2: expected a label from 0 to 1, found label 2"):
        _read(folder, "train", ("a", "b"))


def test_gap_in_the_labels_is_an_error_that_names_an_example(folder: Path) -> None:
    labels = {"train": {0: "train/00000-00000000", 200: "train/00000-00000007"}, "eval": {0: "e"}}
    with pytest.raises(DataError, match=r"example train/00000-00000007: .* found label 200"):
        TFRecordSource(str(folder)).class_names(labels)


def test_split_without_records_is_an_error(folder: Path) -> None:
    with pytest.raises(DataError, match=r"expected records in eval\*, found none"):
        TFRecordSource(str(folder)).class_names({"train": {0: "t"}, "eval": {}})


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent: expected a folder, found nothing"):
        TFRecordSource(str(tmp_path / "absent")).shards("train")
