"""Groups of examples, and the hash of the eval split, as ImageExampleGen writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modules.core.errors import DataError
from modules.domains.ingestion import read_ingestion
from modules.sources.png import encode_pngs
from tests.components.image_example_gen.ingestion import examples_of, execute

PATTERN = r"/(w\d)_"


def write_writers(folder: Path, names: dict[str, list[str]]) -> Path:
    """Files by split, each with an image of its own."""
    number = 0
    for split, files in names.items():
        for name in files:
            path = folder / split / "seven" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(*encode_pngs(np.full((1, 3, 5), number, np.uint8)))
            number += 1
    return folder


def test_examples_and_their_description_have_the_groups(tmp_path: Path) -> None:
    names = {"train": ["w1_0.png", "w1_1.png", "w2_0.png"], "eval": ["w3_0.png"]}
    folder = write_writers(tmp_path / "in", names)
    arguments = {"input_base": str(folder), "format": "image_folder"}
    grouped = execute(tmp_path / "out", **arguments, group=PATTERN)
    groups = [example["group"] for example in examples_of(grouped, "train")]
    assert sorted(groups) == [b"w1", b"w1", b"w2"]
    ingestion = read_ingestion(grouped.uri)
    assert ingestion.groups == {"train": 2, "eval": 1}
    assert ingestion.group_hints == []
    alone = execute(tmp_path / "alone", **arguments)
    assert all("group" not in example for example in examples_of(alone, "train"))
    assert read_ingestion(alone.uri).groups is None


def test_a_group_in_both_splits_stops_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    names = {"train": ["w1_0.png", "w2_0.png"], "eval": ["w2_1.png"]}
    folder = write_writers(tmp_path / "in", names)
    with pytest.raises(DataError, match=r"group 'w2' in train \(.*w2_0.png\) and in eval \(.*w2_1"):
        execute(tmp_path / "out", input_base=str(folder), format="image_folder", group=PATTERN)
    assert list((tmp_path / "out").iterdir()) == []


def test_the_eval_splits_hash_is_that_of_its_images_and_labels_alone(tmp_path: Path) -> None:
    def content(name: str, train: list[str], evaluation: list[str]) -> str | None:
        folder = write_writers(tmp_path / name, {"eval": evaluation, "train": train})
        artifact = execute(tmp_path / f"{name} out", input_base=str(folder), format="image_folder")
        return read_ingestion(artifact.uri).eval_content

    first = content("first", ["1.png", "2.png"], ["3.png", "4.png"])
    assert first == content("renamed, other train split", ["1.png"], ["8.png", "9.png"])
    assert first != content("one more", ["1.png", "2.png"], ["3.png", "4.png", "5.png"])
