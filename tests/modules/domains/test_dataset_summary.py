"""A bounded look at a folder: everything is counted that can be, and no more is read than said."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from modules.domains.dataset_summary import ReadingLimits, summarize_dataset
from modules.sources.base import ImageShard
from modules.sources.formats import open_source
from tests import spoiled_domains as spoil


def write_tfrecords(folder: Path, records: int) -> Path:
    folder.mkdir()
    shards = open_source("idx", "data/optdigits").shards("train")
    images = [record for shard in shards for record in shard.read()][:records]
    for split in ("train", "eval"):
        with tf.io.TFRecordWriter(str(folder / f"{split}.tfrecord")) as writer:
            for record in images:
                example = tf.train.Example()
                example.features.feature["image"].bytes_list.value.append(record.image)
                example.features.feature["label"].int64_list.value.append(record.label)
                writer.write(example.SerializeToString())
    return folder


@pytest.mark.parametrize("format", ["idx", "image_folder"])
def test_all_images_are_counted_whatever_is_read(format: str, tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "d") if format == "image_folder" else "data/optdigits"
    summary = summarize_dataset(format, str(domain), limits=ReadingLimits(images=5))
    train = summary.splits["train"]
    assert train.examples == (120 if format == "image_folder" else 898)
    assert train.is_counted
    assert train.images_read == 5


def test_a_tfrecord_beyond_the_limit_is_counted_as_far_as_it_was_read(tmp_path: Path) -> None:
    folder = write_tfrecords(tmp_path / "domain", 60)
    some = summarize_dataset("tfrecord", str(folder), limits=ReadingLimits(images=40))
    assert some.splits["train"].examples == 40
    assert not some.splits["train"].is_counted
    everything = summarize_dataset("tfrecord", str(folder))
    assert everything.splits["train"].examples == 60
    assert everything.splits["train"].is_counted
    assert everything.class_names == tuple("0123456789")


def test_the_pixels_that_are_decoded_are_bounded(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    limits = ReadingLimits(pixels=64 * 10)
    summary = summarize_dataset("image_folder", str(domain), limits=limits)
    assert summary.splits["train"].images_read == 10


def test_each_class_has_samples_even_where_few_images_are_read(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    limits = ReadingLimits(images=20, samples=2)
    summary = summarize_dataset("image_folder", str(domain), limits=limits)
    samples = summary.splits["train"].samples
    assert {label: len(images) for label, images in samples.items()} == dict.fromkeys(range(10), 2)


def test_labels_and_previews_agree_with_what_is_read() -> None:
    shard: ImageShard
    for shard in open_source("idx", "data/optdigits").shards("train", 3):
        records = list(shard.read())
        assert shard.labels() == [record.label for record in records]
        assert list(shard.preview([2, 5])) == [records[2], records[5]]
        assert list(shard.preview([])) == []
