"""Curves out of TensorBoard's files."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from modules.report.evidence.learning_curves import read_curves


def write(folder: Path, suffix: str, losses: dict[int, float]) -> Path:
    writer = tf.summary.create_file_writer(str(folder), filename_suffix=suffix)
    with writer.as_default():
        for step, loss in losses.items():
            tf.summary.scalar("loss", loss, step=step)
        tf.summary.text("note", "not a scalar", step=1)
    writer.close()
    (path,) = folder.glob(f"*{suffix}")
    return path


def test_scalars_come_by_step(tmp_path: Path) -> None:
    write(tmp_path, ".a", {40: 1.0, 20: 2.0})
    assert read_curves(str(tmp_path)) == {"loss": {20: 2.0, 40: 1.0}}


def test_a_resumed_training_goes_on_where_it_was_taken_up(tmp_path: Path) -> None:
    earlier = write(tmp_path, ".a", {20: 2.0, 40: 9.0})
    later = write(tmp_path, ".b", {40: 1.0, 60: 0.5})
    earlier.rename(tmp_path / "events.out.tfevents.1000000001.host.1.0.v2")
    later.rename(tmp_path / "events.out.tfevents.1000000002.host.1.0.v2")
    assert read_curves(str(tmp_path))["loss"] == {20: 2.0, 40: 1.0, 60: 0.5}


def test_a_file_that_ends_in_the_middle_is_read_up_to_there(tmp_path: Path) -> None:
    path = write(tmp_path, ".a", {20: 2.0, 40: 1.0})
    path.write_bytes(path.read_bytes()[:-3])
    assert read_curves(str(tmp_path))["loss"][20] == pytest.approx(2.0)


def test_no_training_has_no_curves(tmp_path: Path) -> None:
    assert read_curves(str(tmp_path)) == {}
