"""Other domains than the embedded pair: other classes, sizes, colours and formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import read_idx, read_result, warmstart

pytestmark = pytest.mark.e2e

CLASSES = ("zero", "one", "two", "three")


def write_image_folder(
    folder: Path, source: str, size: int, per_class: int, background: tuple[int, int, int]
) -> Path:
    """Writes colour JPEG and PNG files of the first digits, with classes as folder names."""
    for split, target in (("train", "train"), ("t10k", "eval")):
        images = read_idx(Path(f"data/{source}/{split}-images-idx3-ubyte.gz"))
        labels = read_idx(Path(f"data/{source}/{split}-labels-idx1-ubyte.gz"))
        for label, name in enumerate(CLASSES):
            directory = folder / target / name
            directory.mkdir(parents=True)
            for number, image in enumerate(images[labels == label][:per_class]):
                ink = np.asarray(Image.fromarray(image).resize((size, size)))[..., None] / 255
                colour = (ink * 255 + (1 - ink) * np.array(background)).astype(np.uint8)
                suffix = "jpg" if number % 2 else "png"
                Image.fromarray(colour).save(directory / f"{number:04d}.{suffix}", quality=90)
    return folder


def test_a_pair_of_colour_image_folders_with_four_named_classes(tmp_path: Path) -> None:
    source = write_image_folder(tmp_path / "source", "mnist", 40, 250, (0, 0, 90))
    target = write_image_folder(tmp_path / "target", "optdigits", 17, 80, (60, 0, 0))
    config = tmp_path / "pair.yaml"
    config.write_text(
        f"""
name: coloured_digits
source: {{name: blue, path: {source}, format: image_folder}}
target: {{name: red, path: {target}, format: image_folder, shots: 5}}
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
    assert set(result["arms"]["warm_start"]["per_class"]) == set(CLASSES)
    assert result["arms"]["warm_start"]["accuracy"] > 0.9
    assert result["target"]["train_examples"] == 20
