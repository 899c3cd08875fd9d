"""The stock design reads the same images as the default scenario."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from benchmarks.stock_design import write_float_examples
from benchmarks.stock_module import LABEL, PIXELS


def test_every_image_becomes_784_floats_and_a_class(tmp_path: Path) -> None:
    write_float_examples(Path("data/optdigits"), tmp_path / "optdigits")
    for split, count in (("train", 898), ("eval", 899)):
        records = list(tf.data.TFRecordDataset(str(tmp_path / "optdigits" / f"{split}.tfrecord")))
        assert len(records) == count
        example = tf.train.Example.FromString(records[0].numpy())
        pixels = example.features.feature[PIXELS].float_list.value
        assert len(pixels) == 784
        assert 0 <= min(pixels) < max(pixels) <= 1
        assert 0 <= example.features.feature[LABEL].int64_list.value[0] < 10
