"""A data set in words."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from modules.domains.dataset_summary import summarize_dataset
from modules.domains.dataset_wording import describe_dataset


def test_one_class_and_one_image_are_not_many(tmp_path: Path) -> None:
    for split, count in (("train", 1), ("eval", 2)):
        folder = tmp_path / split / "cat"
        folder.mkdir(parents=True)
        for number in range(count):
            Image.new("L", (4, 3)).save(folder / f"{number}.png")
    assert describe_dataset(summarize_dataset("image_folder", str(tmp_path))) == [
        "image_folder, 1 class: cat",
        "train: 1 image (1 per class), 4x3, grey",
        "eval: 2 images (2 per class), 4x3, grey",
    ]
