"""The image folder holds the pixels and labels of the IDX files, and is the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from data.write_image_folder import write_image_folder

_OPTDIGITS = Path("data/optdigits")


def test_every_digit_is_there_once_in_the_folder_of_its_class(tmp_path: Path) -> None:
    assert write_image_folder(_OPTDIGITS, tmp_path) == 1797
    found = sorted(
        (path.parent.name, np.asarray(Image.open(path)).tobytes())
        for path in tmp_path.rglob("*.png")
    )
    digits = load_digits()
    pixels = np.round(digits.images * 255 / 16).astype(np.uint8)
    assert found == sorted(
        (str(label), image.tobytes()) for label, image in zip(digits.target, pixels, strict=True)
    )


def test_a_part_has_the_same_number_of_each_class(tmp_path: Path) -> None:
    assert write_image_folder(_OPTDIGITS, tmp_path, per_class=3) == 60
    for split in ("train", "eval"):
        assert [len(list((tmp_path / split / str(label)).iterdir())) for label in range(10)] == [
            3
        ] * 10


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    write_image_folder(_OPTDIGITS, tmp_path, per_class=1)
    times = [path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*.png"))]
    write_image_folder(_OPTDIGITS, tmp_path, per_class=1)
    assert [path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*.png"))] == times
