"""Other domains than the embedded pair: other classes, sizes, colours and formats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import read_idx, read_result, warmstart

pytestmark = pytest.mark.e2e

# Digits by the names of their classes. The target calls 1 otherwise, lacks 0, and has 4.
SOURCE_CLASSES = {"zero": 0, "one": 1, "two": 2, "three": 3}
TARGET_CLASSES = {"two": 2, "the one": 1, "three": 3, "four": 4}


def write_image_folder(
    folder: Path,
    source: str,
    classes: Mapping[str, int],
    size: int,
    per_class: int,
    background: tuple[int, int, int],
) -> Path:
    """Writes colour JPEG and PNG files of the first digits, with classes as folder names."""
    for split, target in (("train", "train"), ("t10k", "eval")):
        images = read_idx(Path(f"data/{source}/{split}-images-idx3-ubyte.gz"))
        labels = read_idx(Path(f"data/{source}/{split}-labels-idx1-ubyte.gz"))
        for name, label in classes.items():
            directory = folder / target / name
            directory.mkdir(parents=True)
            for number, image in enumerate(images[labels == label][:per_class]):
                ink = np.asarray(Image.fromarray(image).resize((size, size)))[..., None] / 255
                colour = (ink * 255 + (1 - ink) * np.array(background)).astype(np.uint8)
                suffix = "jpg" if number % 2 else "png"
                Image.fromarray(colour).save(directory / f"{number:04d}.{suffix}", quality=90)
    return folder


def test_a_pair_of_colour_image_folders_with_renamed_fewer_and_new_classes(tmp_path: Path) -> None:
    blue, red = (0, 0, 90), (60, 0, 0)
    source = write_image_folder(tmp_path / "source", "mnist", SOURCE_CLASSES, 40, 250, blue)
    target = write_image_folder(tmp_path / "target", "optdigits", TARGET_CLASSES, 17, 80, red)
    config = tmp_path / "pair.yaml"
    config.write_text(
        f"""
name: coloured_digits
source: {{name: blue, path: {source}, format: image_folder}}
target:
  name: red
  path: {target}
  format: image_folder
  class_map: {{the one: one}}
  shots: 5
network: {{name: lenet, image_size: 24, channels: 3}}
pretraining: {{steps: 150}}
transfer: {{steps: 60}}
gate: {{min_eval_examples: 50}}
"""
    )
    output = tmp_path / "output"
    done = warmstart("run", config, "--output", output)
    assert done.code == 0, done.output
    result = read_result(output)
    # In the order of the target's folders.
    assert result["target"]["classes"] == ["four", "one", "three", "two"]
    assert set(result["arms"]["warm_start"]["per_class"]) == {"four", "one", "three", "two"}
    assert result["arms"]["pretrained"]["kind"] == "probe"
    assert result["arms"]["warm_start"]["accuracy"] > 0.9
    assert result["source"]["accuracy_after_transfer"] > 0.8
    assert result["target"]["train_examples"] == 20
    assert "pretrained (linear probe)" in done.output
    report = (output / "report.html").read_text()
    assert "answers through a linear probe" in report
    assert "imprinted from 5 labelled images" in report
