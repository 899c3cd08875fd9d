"""From Examples to arrays: the same whatever the files look like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modules.core.errors import DataError
from modules.examples.input_pipeline import (
    ExampleIndex,
    ImagePreprocessor,
    PreprocessedExamples,
    index_examples,
    preprocess_examples,
)
from tests.tiny_domain import serialized_example, write_examples
from tests.training_domain import CLASS_NAMES, TinyDomains, stroke_records


def train_files(folder: Path) -> list[str]:
    return [str(folder / "Split-train" / "*")]


def preprocess(
    index: ExampleIndex, domains: TinyDomains, **options: object
) -> PreprocessedExamples:
    preprocessor = ImagePreprocessor(str(domains.transform_graph))
    return preprocess_examples(index, preprocessor, **{"memory_cache_mib": 64, **options})  # type: ignore


def test_the_index_is_ordered_by_example_id(tiny_domains: TinyDomains) -> None:
    index = index_examples(train_files(tiny_domains.source))
    assert index.example_ids.tolist() == [b"train/%08d" % number for number in range(90)]
    assert index.labels.tolist() == [number % 3 for number in range(90)]


def test_shards_and_their_order_make_no_difference(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    records = stroke_records(30, seed=1)
    shuffled = [records[row] for row in np.random.default_rng(0).permutation(len(records))]
    write_examples(tmp_path, {"train": shuffled}, CLASS_NAMES)
    one = index_examples(train_files(tiny_domains.source))
    other = index_examples(train_files(tmp_path))
    assert one.example_ids.tolist() == other.example_ids.tolist()
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(
        preprocess(one, tiny_domains).images, preprocess(other, tiny_domains).images
    )


def test_images_are_what_the_transform_graph_makes_of_them(tiny_domains: TinyDomains) -> None:
    examples = preprocess(index_examples(train_files(tiny_domains.source)), tiny_domains)
    assert examples.images.shape == (90, 12, 12, 1)
    assert examples.images.dtype == np.float32
    # Standardised with the source's own mean and deviation.
    assert abs(float(examples.images.mean())) < 1e-3
    assert abs(float(examples.images.std()) - 1) < 1e-2


def test_chosen_rows_come_in_the_order_of_the_choice(tiny_domains: TinyDomains) -> None:
    index = index_examples(train_files(tiny_domains.source))
    rows = np.array([7, 3, 80])
    chosen, everything = preprocess(index, tiny_domains, rows=rows), preprocess(index, tiny_domains)
    # Batches of other sizes: some CPUs add up in another order.
    np.testing.assert_allclose(chosen.images, everything.images[rows], atol=1e-5)
    np.testing.assert_array_equal(chosen.known_labels, [1, 0, 2])
    assert chosen.example_ids.tolist() == [b"train/00000007", b"train/00000003", b"train/00000080"]


def test_examples_beyond_the_memory_limit_are_on_disk_with_the_same_values(
    tiny_domains: TinyDomains,
) -> None:
    index = index_examples(train_files(tiny_domains.source))
    on_disk = preprocess(index, tiny_domains, memory_cache_mib=0)
    assert isinstance(on_disk.images, np.memmap)
    assert not isinstance(preprocess(index, tiny_domains).images, np.memmap)
    np.testing.assert_array_equal(on_disk.images, preprocess(index, tiny_domains).images)


def test_withheld_labels_cannot_be_read(tiny_domains: TinyDomains) -> None:
    examples = preprocess(index_examples(train_files(tiny_domains.target)), tiny_domains)
    withheld = examples.without_labels()
    assert withheld.labels is None
    assert withheld.take(np.array([1])).labels is None
    with pytest.raises(ValueError, match="withheld"):
        _ = withheld.known_labels


def test_a_split_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Examples files, found none"):
        index_examples(train_files(tmp_path))


def test_a_split_without_examples_is_refused(tmp_path: Path) -> None:
    write_examples(tmp_path, {"train": []}, CLASS_NAMES)
    with pytest.raises(DataError, match="expected examples, found none"):
        index_examples(train_files(tmp_path))


def test_two_examples_with_one_id_are_refused(tmp_path: Path) -> None:
    records = [serialized_example(index, 0) for index in (1, 2, 1)]
    write_examples(tmp_path, {"train": records}, CLASS_NAMES)
    with pytest.raises(DataError, match="'train/00000001' twice"):
        index_examples(train_files(tmp_path))


@pytest.mark.parametrize("missing", ["label", "example_id"])
def test_an_example_without_a_feature_is_refused(tmp_path: Path, missing: str) -> None:
    records = [serialized_example(0, 0), serialized_example(1, 0, **{missing: None})]
    write_examples(tmp_path, {"train": records}, CLASS_NAMES)
    with pytest.raises(DataError, match=missing):
        index_examples(train_files(tmp_path))


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    write_examples(tmp_path, {"train": stroke_records(2, seed=0)}, CLASS_NAMES)
    (file, *_) = sorted((tmp_path / "Split-train").iterdir())
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError, match="readable"):
        index_examples(train_files(tmp_path))


def test_an_image_that_cannot_be_decoded_is_refused(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    undecodable = serialized_example(0, 0, image=[b"no image"])
    write_examples(tmp_path, {"train": [undecodable]}, CLASS_NAMES)
    with pytest.raises(DataError, match="readable"):
        preprocess(index_examples(train_files(tmp_path)), tiny_domains)


def test_the_same_graph_preprocesses_more_chunks_than_one(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    records = stroke_records(350, seed=1)
    write_examples(tmp_path, {"train": records}, CLASS_NAMES)
    index = index_examples(train_files(tmp_path))
    everything = preprocess(index, tiny_domains)
    last = preprocess(index, tiny_domains, rows=np.array([1049]))
    np.testing.assert_allclose(last.images[0], everything.images[1049], atol=1e-5)


def test_a_folder_without_a_transform_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="TransformGraph"):
        ImagePreprocessor(str(tmp_path))
