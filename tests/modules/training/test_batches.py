"""Batches depend on seed and step, on nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import ConfigError
from modules.examples.input_pipeline import PreprocessedExamples
from modules.images.augmentation import augment_images
from modules.training.batches import BatchStream, batch_dataset
from modules.training.placement import TrainingPlacement


def examples(count: int) -> PreprocessedExamples:
    images = np.arange(count * 16, dtype=np.float32).reshape(count, 4, 4, 1)
    ids = np.array([b"%08d" % index for index in range(count)])
    return PreprocessedExamples(images, np.arange(count) % 3, ids)


def batches(streams: dict[str, BatchStream], steps: range) -> list[dict[str, Any]]:
    return list(batch_dataset(streams, steps).as_numpy_iterator())


def assert_equal(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, left, right)


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**31 - 1))
def test_each_pass_shows_every_example_once(total: int, batch_size: int, seed: int) -> None:
    stream = BatchStream("source", examples(total), batch_size, seed)
    steps = -(-2 * total // batch_size)
    rows = np.concatenate([stream.rows(step) for step in range(steps)])
    assert sorted(rows[:total]) == list(range(total))
    assert sorted(rows[total : 2 * total]) == list(range(total))


@given(st.integers(0, 100))
def test_all_batches_have_the_same_size(step: int) -> None:
    assert len(BatchStream("source", examples(7), 5, seed=0).rows(step)) == 5


def test_passes_seeds_and_streams_are_ordered_differently() -> None:
    def order(name: str, seed: int, step: int) -> tuple[int, ...]:
        return tuple(BatchStream(name, examples(50), 50, seed).rows(step))

    orders = [order("source", 0, 0), order("source", 0, 1), order("source", 1, 0)]
    assert len({*orders, order("target", 0, 0)}) == 4


def test_images_and_labels_belong_to_their_rows() -> None:
    data = examples(20)
    (batch,) = batches({"source": BatchStream("source", data, 8, seed=0)}, range(3, 4))
    rows = batch["source"]["row"]
    np.testing.assert_array_equal(batch["source"]["image"], data.images[rows])
    np.testing.assert_array_equal(batch["source"]["label"], data.known_labels[rows])


def test_a_training_that_resumes_sees_the_batches_that_were_left() -> None:
    streams = {
        "source": BatchStream("source", examples(23), 6, seed=3, augmentation=augment_images),
        "target": BatchStream("target", examples(5), 4, seed=3),
    }
    assert_equal(batches(streams, range(0, 12))[7:], batches(streams, range(7, 12)))


def test_distortions_differ_from_step_to_step() -> None:
    stream = BatchStream("source", examples(1), 1, seed=0, augmentation=augment_images)
    first, second = batches({"source": stream}, range(2))
    assert not np.array_equal(first["source"]["image"], second["source"]["image"])


def test_withheld_labels_are_in_no_batch() -> None:
    stream = BatchStream("unlabelled", examples(5).without_labels(), 2, seed=0)
    (batch,) = batches({"unlabelled": stream}, range(1))
    assert set(batch["unlabelled"]) == {"image", "row"}


def test_images_on_disk_make_the_same_batches(tmp_path: Any) -> None:
    data = examples(30)
    mapped = np.memmap(tmp_path / "images", np.float32, mode="w+", shape=data.images.shape)
    mapped[:] = data.images
    on_disk = PreprocessedExamples(mapped, data.labels, data.example_ids)
    assert_equal(
        batches({"source": BatchStream("source", data, 4, seed=0)}, range(9)),
        batches({"source": BatchStream("source", on_disk, 4, seed=0)}, range(9)),
    )


def test_shapes_are_static() -> None:
    spec = batch_dataset({"source": BatchStream("source", examples(9), 4, seed=0)}, range(2))
    assert spec.element_spec["source"]["image"].shape == (4, 4, 4, 1)
    assert spec.element_spec["source"]["label"].shape == (4,)


def workers(count: int) -> list[TrainingPlacement]:
    strategy = tf.distribute.get_strategy()
    return [TrainingPlacement(strategy, worker, count) for worker in range(count)]


@given(st.integers(1, 30), st.integers(1, 8), st.integers(1, 4), st.integers(0, 9))
def test_workers_that_share_the_data_take_the_parts_of_one_batch(
    total: int, share: int, count: int, step: int
) -> None:
    stream = BatchStream("source", examples(total), share * count, seed=0)
    parts = [stream.shared_by_data(worker).rows(step) for worker in workers(count)]
    assert [len(part) for part in parts] == [share] * count
    np.testing.assert_array_equal(np.concatenate(parts), stream.rows(step))


def test_workers_with_files_of_their_own_draw_smaller_batches_in_orders_of_their_own() -> None:
    stream = BatchStream("source", examples(50), 20, seed=0)
    one, other = (stream.shared_by_file(worker).rows(0) for worker in workers(2))
    assert len(one) == len(other) == 10
    assert one.tolist() != other.tolist()


def test_workers_distort_the_same_image_differently() -> None:
    stream = BatchStream("source", examples(1), 2, seed=0, augmentation=augment_images)
    one, other = (
        batches({"source": stream.shared_by_data(worker)}, range(1))[0]["source"]
        for worker in workers(2)
    )
    assert one["row"].tolist() == other["row"].tolist() == [0]
    assert not np.array_equal(one["image"], other["image"])


@pytest.mark.parametrize("share", [BatchStream.shared_by_data, BatchStream.shared_by_file])
def test_workers_that_cannot_share_a_batch_evenly_are_told_so(share: Any) -> None:
    stream = BatchStream("source", examples(9), 5, seed=0)
    with pytest.raises(ConfigError, match=r"2 replicas cannot share 5 source .* multiple of 2"):
        share(stream, workers(2)[0])
