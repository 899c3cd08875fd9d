"""training.json."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import DataError
from modules.training.record import TRAINING_FILE, TrainingRecord

RECORD = TrainingRecord(
    arm="scratch",
    steps=3,
    seconds=1.5,
    examples_per_second=20.0,
    precision="float32",
    labelled_examples=2,
    labelled_example_ids=["train/1", "train/2"],
    seed=7,
    metrics={"loss": 0.25},
)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    RECORD.write(str(tmp_path / "run"))
    assert TrainingRecord.read(str(tmp_path / "run")) == RECORD


def test_a_second_record_replaces_the_first_and_no_part_is_left(tmp_path: Path) -> None:
    RECORD.write(str(tmp_path))
    RECORD.write(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [TRAINING_FILE]


def test_a_training_that_did_not_finish_has_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Run the training again"):
        TrainingRecord.read(str(tmp_path))


@given(st.text(max_size=40))
def test_anything_else_is_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("record")
    (folder / TRAINING_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        TrainingRecord.read(str(folder))
