"""Workers read their own files where there are enough, else everything."""

from __future__ import annotations

import pytest
import tensorflow as tf

from modules.core.errors import ConfigError
from modules.training.file_sharding import Sharding, choose_files
from modules.training.placement import TrainingPlacement

FILES = ["a", "b", "c"]


def placement(worker: int, workers: int) -> TrainingPlacement:
    return TrainingPlacement(tf.distribute.get_strategy(), worker, workers)


@pytest.mark.parametrize("sharding", ["auto", "file"])
def test_each_file_is_read_by_one_worker(sharding: Sharding) -> None:
    chosen = [choose_files(FILES, sharding, placement(worker, 2)) for worker in range(2)]
    assert chosen == [(["a", "c"], True), (["b"], True)]


@pytest.mark.parametrize(
    ("sharding", "workers"), [("auto", 1), ("file", 1), ("data", 2), ("auto", 4)]
)
def test_all_files_are_read(sharding: Sharding, workers: int) -> None:
    assert choose_files(FILES, sharding, placement(0, workers)) == (FILES, False)


def test_more_workers_than_files_are_refused_where_files_are_to_be_shared() -> None:
    with pytest.raises(ConfigError, match="4 workers cannot share 3 files"):
        choose_files(FILES, "file", placement(0, 4))
